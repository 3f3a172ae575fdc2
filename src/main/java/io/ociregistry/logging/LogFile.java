package io.ociregistry.logging;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;

/**
 * A log file. While the file can't be written, for example on a full disk, its lines go to standard error, and each
 * line tries the file again. Not thread-safe; an appender serializes the writes.
 */
final class LogFile extends OutputStream {
    private final Path path;
    private final OutputStream file;
    private final PrintStream fallback;
    private boolean fails;

    LogFile(Path path, PrintStream fallback) throws IOException {
        this(path, new FileOutputStream(path.toFile(), true), fallback);
    }

    LogFile(Path path, OutputStream file, PrintStream fallback) {
        this.path = path;
        this.file = file;
        this.fallback = fallback;
    }

    @Override
    public void write(int character) {
        write(new byte[] {(byte) character}, 0, 1);
    }

    @Override
    public void write(byte[] line, int offset, int length) {
        try {
            file.write(line, offset, length);
            report(false, "can be written again");
        } catch (IOException e) {
            report(true, "can't be written (" + e.getMessage() + "); its lines go to standard error until it can");
            fallback.write(line, offset, length);
            fallback.flush();
        }
    }

    /** Reports the first failure and the first success after it. */
    private void report(boolean failing, String what) {
        if (fails != failing) {
            fails = failing;
            fallback.println(Journal.WARNING.mark("ociregistry: warning: the log file " + path + " " + what));
        }
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
