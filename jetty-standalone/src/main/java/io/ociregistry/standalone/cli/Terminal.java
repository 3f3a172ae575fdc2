package io.ociregistry.standalone.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Detects whether standard error is a terminal, which can show progress bars. {@link System#console()} is no help: it
 * depends on standard input and output, and since Java 22 it exists without a terminal.
 */
public final class Terminal {
    private static final Path STANDARD_ERROR = Path.of("/proc/self/fd/2");

    private Terminal() {}

    public static boolean isStandardError() {
        String type = System.getenv().getOrDefault("TERM", "dumb");
        return !type.equals("dumb") && isTerminal(STANDARD_ERROR);
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
