package io.ociregistry.standalone.command;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * SIGHUP, by which systemd and people tell a server to read its configuration again. The one way that Java has to hear of it is no part of its
 * language's platform, and compilers warn of it; so it is called by name, and where it is missing there is the admin API. Under nohup, which has the signal ignored, it stays so.
 */
final class SighupHandler {
    private static final Logger LOG = LoggerFactory.getLogger(SighupHandler.class);

    private SighupHandler() {}

    /** Does that from now on for every such signal, by a thread of its own. */
    static void run(Runnable work) {
        try {
            var signal = Class.forName("sun.misc.Signal");
            var handler = Class.forName("sun.misc.SignalHandler");
            MethodHandle run = MethodHandles.lookup()
                    .findVirtual(Runnable.class, "run", MethodType.methodType(void.class))
                    .bindTo(work);
            var handling =
                    MethodHandleProxies.asInterfaceInstance(handler, MethodHandles.dropArguments(run, 0, signal));
            var hangup = signal.getConstructor(String.class).newInstance("HUP");
            signal.getMethod("handle", signal, handler).invoke(null, hangup, handling);
        } catch (ReflectiveOperationException e) {
            // A system without this signal, or a JVM that was told to leave signals alone.
            LOG.info("SIGHUP can't be listened to; POST /cmd/reload does the same: {}", String.valueOf(e.getCause()));
        }
    }
}
