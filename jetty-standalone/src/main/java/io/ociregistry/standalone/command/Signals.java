package io.ociregistry.standalone.command;

import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signals of the process: SIGHUP reloads the configuration, SIGINT and SIGTERM end the process.
 *
 * <p>Java's only API for signals, {@code sun.misc.Signal}, is internal and compilers warn of it, so it is called by
 * reflection. Without it the admin API can reload, and a second SIGTERM has no effect. A signal that the process was
 * started to ignore, such as SIGHUP under nohup, stays ignored.
 */
final class Signals {
    private static final Logger LOG = LoggerFactory.getLogger(Signals.class);
    private static final int SIGNAL_EXIT = 128;
    private static final AtomicBoolean ENDING = new AtomicBoolean();

    private Signals() {}

    /** Runs the work on every SIGHUP from now on, on a thread of its own. */
    static void onHangup(Runnable work) {
        handle("HUP", number -> work.run());
    }

    /**
     * Makes the first SIGINT or SIGTERM run the shutdown hooks, and the next one end the process at once.
     *
     * @param beforeHalt runs before the process ends at once
     */
    static void endAtOnceOnSecond(Runnable beforeHalt) {
        for (String name : new String[] {"INT", "TERM"}) {
            handle(name, number -> {
                if (!exit(SIGNAL_EXIT + number)) {
                    beforeHalt.run();
                    Runtime.getRuntime().halt(SIGNAL_EXIT + number);
                }
            });
        }
    }

    /** Runs the shutdown hooks and ends the process; returns false if the process is ending already. */
    static boolean exit(int status) {
        if (!ENDING.compareAndSet(false, true)) {
            return false;
        }
        System.exit(status);
        return true;
    }

    private static void handle(String name, IntConsumer work) {
        try {
            var signal = Class.forName("sun.misc.Signal");
            var handler = Class.forName("sun.misc.SignalHandler");
            var lookup = MethodHandles.lookup();
            var accept = lookup.findVirtual(IntConsumer.class, "accept", MethodType.methodType(void.class, int.class))
                    .bindTo(work);
            var number = lookup.findVirtual(signal, "getNumber", MethodType.methodType(int.class));
            var handling =
                    MethodHandleProxies.asInterfaceInstance(handler, MethodHandles.filterArguments(accept, 0, number));
            var wanted = signal.getConstructor(String.class).newInstance(name);
            signal.getMethod("handle", signal, handler).invoke(null, wanted, handling);
        } catch (ReflectiveOperationException e) {
            // The system has no such signal, or the JVM option -Xrs reserves it.
            LOG.info("SIG{} can't be handled: {}", name, String.valueOf(e.getCause()));
        }
    }
}
