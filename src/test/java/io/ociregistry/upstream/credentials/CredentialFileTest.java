package io.ociregistry.upstream.credentials;

import static io.ociregistry.upstream.pool.TestUpstreams.assertHolds;
import static io.ociregistry.upstream.pool.TestUpstreams.failure;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.common.ReloadingFile;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.testing.LogLines;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CredentialFileTest {
    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1);

    @TempDir
    Path directory;

    private Path path;
    private ReloadingFile<String> file;

    @BeforeEach
    void watch() {
        path = directory.resolve("secret");
        file = CredentialFile.of("auth.passwordFile", path, CredentialFileTest::parse, now::get);
    }

    @Test
    void brokenFileIsLoggedOnceAndItsPreviousContentIsUsed() throws IOException {
        Files.writeString(path, "one");
        assertEquals("one", file.get());
        try (LogLines log = LogLines.of("io.ociregistry")) {
            Files.writeString(path, "broken");
            for (int i = 0; i < 3; i++) {
                later();
                assertEquals("one", file.get());
            }
            Files.delete(path);
            for (int i = 0; i < 3; i++) {
                later();
                assertEquals("one", file.get());
            }
            assertEquals(1, log.at("WARN").size(), log.text());
            assertHolds("auth.passwordFile " + path + " can't be used: it is broken. The previous", log.text());
        }
        Files.writeString(path, "two");
        later();
        assertEquals("two", file.get());
    }

    @Test
    void missingFileFailsWithItsNameUntilItExists() throws IOException {
        assertHolds(
                "auth.passwordFile " + path + " can't be used: it does not exist",
                failure(ErrorCode.UPSTREAM_UNREACHABLE, file::get).getMessage());
        Files.writeString(path, "one");
        assertEquals("one", file.get());
    }

    @Test
    void oversizedFileIsNotReadCompletely() throws IOException {
        Files.write(path, new byte[(1 << 20) + 1]);
        assertHolds(
                "it is larger than 1048576 bytes",
                failure(ErrorCode.UPSTREAM_UNREACHABLE, file::get).getMessage());
    }

    private static String parse(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        if (text.equals("broken")) {
            throw new IllegalArgumentException("it is broken");
        }
        return text;
    }

    private void later() {
        now.addAndGet(Duration.ofSeconds(1).toNanos());
    }
}
