package io.ociregistry.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/** Writes measurements of tests to {@code target/e2e/measured.txt}, a line each, to compare runs. */
final class Measured {
    private static final Path FILE = Program.LOGS.resolveSibling("measured.txt");

    private Measured() {}

    static void by(Class<?> test, String format, Object... values) {
        String line = test.getSimpleName() + ": " + String.format(Locale.ROOT, format, values) + "\n";
        try {
            Files.createDirectories(Program.LOGS);
            Files.writeString(FILE, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
