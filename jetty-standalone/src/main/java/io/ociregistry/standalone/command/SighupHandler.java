package io.ociregistry.standalone.command;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Handles SIGHUP, with which systemd and operators reload the configuration.
 *
 * <p>Java's only API for signals, {@code sun.misc.Signal}, is internal and compilers warn of it, so it is called by
 * reflection. If it is missing, the admin API can reload. Under nohup, which ignores the signal, it stays ignored.
 */
final class SighupHandler {
    private static final Logger LOG = LoggerFactory.getLogger(SighupHandler.class);

    private SighupHandler() {}

    /** Runs the work on every SIGHUP from now on, on a thread of its own. */
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
            // The system has no such signal, or the JVM option -Xrs reserves it.
            LOG.info(
                    "SIGHUP will not reload the configuration; use POST /cmd/reload instead: {}",
                    String.valueOf(e.getCause()));
        }
    }
}
