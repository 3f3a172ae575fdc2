package io.ociregistry.standalone.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Detects whether standard output or standard error is a terminal. {@link System#console()} is no help: it depends on
 * standard input too, and since Java 22 it exists without a terminal.
 */
public final class Terminal {
    private static final Path STANDARD_ERROR = Path.of("/proc/self/fd/2");
    private static final Pattern SIZE = Pattern.compile("[0-9]{1,5} ([1-9][0-9]{0,4})\\s*");
    private static final int DEFAULT_COLUMNS = 80;
    private static final int MIN_COLUMNS = 20;
    private static final Duration WIDTH_AGE = Duration.ofSeconds(1);

    private static volatile Width width = new Width(DEFAULT_COLUMNS, System.nanoTime() - 2 * WIDTH_AGE.toNanos());

    private record Width(int columns, long readNanos) {}

    private Terminal() {}

    /** Returns true if standard error can show progress bars. */
    public static boolean isStandardError() {
        String type = System.getenv().getOrDefault("TERM", "dumb");
        return !type.equals("dumb") && isTerminal(STANDARD_ERROR);
    }

    /** Returns true if a user would see standard output, which then must not get binary data. */
    public static boolean isStandardOutput() {
        return isTerminal(Path.of("/proc/self/fd/1"));
    }

    /**
     * Returns the width of the terminal of standard error, which may change meanwhile; 80 if it is unknown. Asks the
     * program {@code stty}, because Java cannot, at most once a second.
     */
    public static int columns() {
        Width current = width;
        if (System.nanoTime() - current.readNanos > WIDTH_AGE.toNanos()) {
            current = new Width(readColumns(), System.nanoTime());
            width = current;
        }
        return current.columns;
    }

    private static int readColumns() {
        try {
            Process stty = new ProcessBuilder("stty", "size")
                    .redirectInput(STANDARD_ERROR.toRealPath().toFile())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            Matcher size = SIZE.matcher(new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
            return size.matches() ? Math.max(MIN_COLUMNS, Integer.parseInt(size.group(1))) : DEFAULT_COLUMNS;
        } catch (IOException e) {
            return DEFAULT_COLUMNS;
        }
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
