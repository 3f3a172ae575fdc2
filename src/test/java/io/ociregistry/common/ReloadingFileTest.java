package io.ociregistry.common;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.LogLines;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReloadingFileTest {
    private static final FileTime ALWAYS = FileTime.fromMillis(1_000_000_000_000L);

    @TempDir
    Path dir;

    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
    private final AtomicInteger reads = new AtomicInteger();
    /** Simulates a file that this process may not read. */
    private boolean unreadable;

    @Test
    void filesAreReadOnDemandAndAgainOnlyAfterAChange() throws IOException {
        write("a");
        ReloadingFile<String> text = text();
        assertEquals(0, reads.get());
        assertEquals("a", text.get());
        pass(10_000);
        assertEquals("a", text.get());
        assertEquals(1, reads.get());
        write("bc");
        assertEquals("a", text.get());
        pass(1000);
        assertEquals("bc", text.get());
        assertEquals(2, reads.get());
    }

    @Test
    void renamedFileOfTheSameSizeAndTimeIsNoticed() throws IOException {
        write("a");
        ReloadingFile<String> text = text();
        assertEquals("a", text.get());
        Path next = Files.setLastModifiedTime(Files.writeString(dir.resolve("next"), "b"), ALWAYS);
        Files.move(next, dir.resolve("file"), StandardCopyOption.ATOMIC_MOVE);
        pass(1000);
        assertEquals("b", text.get());
    }

    @Test
    void invalidatedFileIsCheckedByTheNextGet() throws IOException {
        write("a");
        ReloadingFile<String> text = text();
        assertEquals("a", text.get());
        write("bc");
        text.invalidate();
        assertEquals("bc", text.get());
    }

    @Test
    void firstFailureIsThrownAndLoggedOnce() throws IOException {
        try (LogLines log = LogLines.of(ReloadingFile.class.getName())) {
            ReloadingFile<String> text = text();
            assertThrows(UncheckedIOException.class, text::load);
            assertEquals("", log.text(), "the caller of the first read reports its failure");
            assertThrows(UncheckedIOException.class, text::get);
            assertThrows(UncheckedIOException.class, text::get);
            assertEquals(1, log.at("WARN").size(), log.text());
            assertTrue(
                    log.text()
                            .endsWith(". Requests that need this file fail until the file is corrected;"
                                    + " no restart is needed"),
                    log.text());
            write("a");
            assertEquals("a", text.get());
        }
    }

    @Test
    void unreadableFileIsReadAgainDespiteTheSameStamp() throws IOException {
        write("a");
        ReloadingFile<String> text = text();
        assertEquals("a", text.get());
        write("bc");
        unreadable = true;
        pass(1000);
        assertEquals("a", text.get());
        unreadable = false;
        pass(1000);
        assertEquals("bc", text.get());
        pass(1000);
        assertEquals("bc", text.get());
        assertEquals(3, reads.get(), "an unchanged file is not read again after a success");
    }

    private ReloadingFile<String> text() {
        return new ReloadingFile<>(List.of(dir.resolve("file")), this::read, now::get);
    }

    private String read() {
        reads.incrementAndGet();
        if (unreadable) {
            throw new UncheckedIOException(new IOException("permission denied"));
        }
        try {
            return Files.readString(dir.resolve("file"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void write(String text) throws IOException {
        Files.setLastModifiedTime(Files.writeString(dir.resolve("file"), text), ALWAYS);
    }

    private void pass(long millis) {
        now.addAndGet(TimeUnit.MILLISECONDS.toNanos(millis));
    }
}
