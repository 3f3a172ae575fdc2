package io.ociregistry.standalone.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether somebody looks at what is printed, who is shown what moves. {@link System#console()} tells too little of it, and since Java 22 less. */
public final class Terminal {
    private static final Path STANDARD_ERROR = Path.of("/proc/self/fd/2");

    private Terminal() {}

    public static boolean isStandardError() {
        String kind = System.getenv().getOrDefault("TERM", "dumb");
        return !kind.equals("dumb") && isTerminal(STANDARD_ERROR);
    }

    /** Elsewhere than on Linux lines are printed. */
    private static boolean isTerminal(Path descriptor) {
        try {
            String target = Files.readSymbolicLink(descriptor).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }
}
