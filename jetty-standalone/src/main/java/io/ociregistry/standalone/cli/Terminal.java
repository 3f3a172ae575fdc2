package io.ociregistry.standalone.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Detects whether standard output or standard error is a terminal. {@link System#console()} is no help: it depends on
 * standard input too, and since Java 22 it exists without a terminal.
 */
public final class Terminal {

    private Terminal() {}

    /** Returns true if standard error can show progress bars. */
    public static boolean isStandardError() {
        String type = System.getenv().getOrDefault("TERM", "dumb");
        return !type.equals("dumb") && isTerminal(Path.of("/proc/self/fd/2"));
    }

    /** Returns true if a user would see standard output, which then must not get binary data. */
    public static boolean isStandardOutput() {
        return isTerminal(Path.of("/proc/self/fd/1"));
    }

    /** Always false on systems other than Linux. */
    private static boolean isTerminal(Path descriptor) {
        try {
            String target = Files.readSymbolicLink(descriptor).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }
}
