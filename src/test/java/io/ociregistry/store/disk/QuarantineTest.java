package io.ociregistry.store.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class QuarantineTest {
    private static final int ROUNDS = 100;

    @TempDir
    Path root;

    /** One client finds that a record is corrupt while another client has already fetched it again. */
    @Test
    void replacementOfACorruptFileIsNeverQuarantined() throws Exception {
        Layout layout = new Layout(root);
        layout.create();
        Quarantine quarantine = new Quarantine(layout);
        Path file = root.resolve("img/" + "a".repeat(64));
        for (int round = 0; round < ROUNDS; round++) {
            Files.writeString(file, "bad");
            Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(3600)));
            String fileStamp = VerifiedIndex.fileStamp(file);
            Path good = Files.writeString(root.resolve("partial/good"), "good");
            // A restored file has an old time, so that its age does not protect it.
            Files.setLastModifiedTime(good, FileTime.from(Instant.now().minusSeconds(1800)));
            CyclicBarrier together = new CyclicBarrier(2);
            CompletableFuture<Void> taken =
                    after(together, () -> quarantine.handleCorrupt(file, fileStamp, "it is bad"));
            CompletableFuture<Void> replaced = after(
                    together,
                    () -> Files.move(good, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING));
            CompletableFuture.allOf(taken, replaced).join();
            assertEquals("good", Files.readString(file), "round " + round);
        }
    }

    private interface Step {
        void run() throws IOException;
    }

    private static CompletableFuture<Void> after(CyclicBarrier together, Step step) {
        return CompletableFuture.runAsync(() -> {
            try {
                together.await();
                step.run();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }
}
