package io.ociregistry.archive;

import static io.ociregistry.testing.TestArchive.FULL_NAME;
import static io.ociregistry.testing.TestArchive.random;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Manifest;
import io.ociregistry.testing.TestArchive;
import io.ociregistry.testing.TestArchive.Image;
import io.ociregistry.testing.TestArchive.Packing;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Malicious and damaged archives are rejected with one clear message, little memory use, and no file on disk. */
@Timeout(60)
class HostileArchivesTest {
    private static final int MAX_MANIFEST_BYTES = 1 << 20;
    private static final byte[] LAYER = random(1, 20_000);

    @TempDir
    Path directory;

    private final TestArchive made = new TestArchive();

    @ParameterizedTest
    @ValueSource(strings = {"../evil", "/etc/passwd", "a/../../evil", "./../evil"})
    void rejectsNameThatLeadsOutOfArchive(String name) throws Exception {
        assertRefused(layout().file(name, LAYER), name, "leads out of the archive");
    }

    @ParameterizedTest
    @CsvSource({"one/layer.tar, ../../etc/passwd", "one/layer.tar, /etc/passwd", "index.json2, .."})
    void rejectsLinkThatLeadsOutOfArchive(String name, String target) throws Exception {
        assertRefused(layout().link(name, target), target, "leads out of the archive");
    }

    @Test
    void directoryLinkThatLeadsOutCountsAsMissing() throws Exception {
        Image image = made.image("amd64", LAYER);
        made.list(image, FULL_NAME, "quay.io/app:1").layout();
        Path layout = made.directory(directory.resolve("layout"));
        Path secret = Files.write(directory.resolve("secret"), LAYER);
        Path layer = layout.resolve(TestArchive.entry(image.layers().get(0)));
        Files.delete(layer);
        Files.createSymbolicLink(layer, secret);

        ImageArchive archive = ImageArchive.open(layout, MAX_MANIFEST_BYTES);

        Descriptor blob = archive.manifest(image.digest()).orElseThrow().blobs().get(1);
        assertEquals(false, archive.has(blob));
    }

    @ParameterizedTest
    @ValueSource(bytes = {TarArchiveEntry.LF_CHR, TarArchiveEntry.LF_BLK, TarArchiveEntry.LF_FIFO})
    void rejectsDevicesAndPipes(byte type) throws Exception {
        assertRefused(with(new TarArchiveEntry("dev/evil", type)), "dev/evil", "a device or a pipe");
    }

    @Test
    void rejectsSparseFiles() throws Exception {
        assertRefused(
                with(new TarArchiveEntry("blobs/hole", TarArchiveEntry.LF_GNUTYPE_SPARSE)), "blobs/hole", "sparse");
    }

    @Test
    void circularLinksCountAsMissing() throws Exception {
        byte[] config = TestArchive.config("amd64", LAYER);
        made.file("config.json", config).link("a", "b").link("b", "a").save("config.json", List.of("app:1"), "a");

        assertRefused(made, "missing");
    }

    @Test
    void rejectsDuplicateEntries() throws Exception {
        TarArchiveEntry again = new TarArchiveEntry("index.json");
        again.setSize(0);

        assertRefused(with(again), "index.json", "two entries with this name");
    }

    @Test
    void rejectsEntryLargerThanArchive() throws Exception {
        byte[] tar = layout().tar(Packing.PLAIN);
        ByteArrayOutputStream huge = new ByteArrayOutputStream();
        try (TarArchiveOutputStream out = new TarArchiveOutputStream(huge)) {
            out.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_STAR);
            TarArchiveEntry entry = new TarArchiveEntry("blobs/sha256/huge");
            entry.setSize(1L << 60);
            out.putArchiveEntry(entry);
            out.flush();
        } catch (IOException unfinished) {
            // Expected: the entry has no content.
        }
        byte[] header = Arrays.copyOf(huge.toByteArray(), 512);

        assertRefused(concat(header, tar), "blobs/sha256/huge", "is truncated in this entry");
    }

    @Test
    void rejectsHugeHeadersWithoutReadingThem() throws Exception {
        // The header announces a GNU long name of 1 GiB, which is rejected before the whole name was read.
        TarArchiveEntry longName = new TarArchiveEntry("././@LongLink", TarArchiveEntry.LF_GNUTYPE_LONGNAME);
        longName.setSize(1L << 30);
        byte[] header = new byte[512];
        longName.writeEntryHeader(header);
        Path file = directory.resolve("a.tar.gz");
        try (OutputStream out = Packing.GZIP.pack(Files.newOutputStream(file))) {
            out.write(header);
            for (int i = 0; i < 64; i++) {
                out.write(new byte[1 << 20]);
            }
        }

        assertMessage(
                assertThrows(ArchiveException.class, () -> ImageArchive.open(file, MAX_MANIFEST_BYTES)),
                "headers of more");
    }

    @Test
    void reportsTruncatedArchive() throws Exception {
        for (Packing packing : List.of(Packing.PLAIN, Packing.GZIP, Packing.ZSTD)) {
            byte[] tar = layout().tar(packing);
            Path file = Files.write(directory.resolve("cut"), Arrays.copyOf(tar, tar.length / 2));

            ArchiveException e =
                    assertThrows(ArchiveException.class, () -> ImageArchive.open(file, MAX_MANIFEST_BYTES));

            assertMessage(e, file.toString());
            assertMessage(e, "check that it was copied completely");
        }
    }

    @Test
    void rejectsArchiveWithoutImages() throws Exception {
        assertRefused(made.layout(), "it lists no image");
        assertRefused(new TestArchive().file("manifest.json", "[]".getBytes(UTF_8)), "it lists no image");
        assertRefused(new TestArchive().file("manifest.json", "{}".getBytes(UTF_8)), "it lists no image");
        assertRefused(
                new TestArchive().file("manifest.json", "[{}]".getBytes(UTF_8)),
                "manifest.json",
                "it lists an image without a Config");
    }

    @Test
    void rejectsManifestWithWrongDigest() throws Exception {
        Image image = made.image("amd64", LAYER);
        byte[] other = made.content(made.image("arm64", LAYER).digest());
        made.list(image, FULL_NAME, "quay.io/app:1").layout().file(TestArchive.entry(image.digest()), other);

        assertRefused(
                made,
                image.digest().hex(),
                "its name has another digest than its content",
                Digest.of(other).toString());
    }

    @Test
    void rejectsManifestOverTheLimit() throws Exception {
        Image image = made.image("amd64", LAYER);
        made.list(image, FULL_NAME, "quay.io/app:1")
                .layout()
                .file(TestArchive.entry(image.digest()), new byte[MAX_MANIFEST_BYTES + 1]);

        assertRefused(made, image.digest().hex(), (MAX_MANIFEST_BYTES + 1) + " bytes");
    }

    @Test
    void rejectsDeeplyNestedIndexes() throws Exception {
        Image index = made.index(made.image("amd64", LAYER));
        for (int i = 0; i < 20; i++) {
            index = made.index(index);
        }
        made.list(index, FULL_NAME, "quay.io/app:1").layout();

        assertRefused(made, "indexes are nested");
    }

    @Test
    void rejectsLayerWithOtherDiffIdThanConfig() throws Exception {
        byte[] config = TestArchive.config("amd64", LAYER);
        made.file("config.json", config)
                .file("layer.tar", random(9, 100))
                .save("config.json", List.of("app:1"), "layer.tar");

        assertRefused(made, "layer.tar", "the image's config says");
    }

    @Test
    void reportsFileThatIsNoImageArchive() throws Exception {
        assertRefused(new TestArchive().file("readme", LAYER), "neither index.json nor manifest.json");
        assertRefused(new TestArchive().file("index.json", LAYER), "index.json", "is not a JSON object");
    }

    /** Each mutated archive is either read without an error or rejected with an ArchiveException. */
    @Test
    void mutatedArchivesAreReadOrRejected() throws Exception {
        List<byte[]> valid = List.of(
                layout().tar(Packing.PLAIN),
                layout().tar(Packing.GZIP),
                layout().tar(Packing.ZSTD),
                saved().tar(Packing.PLAIN));
        Path arena = Files.createDirectory(directory.resolve("arena"));
        Path file = arena.resolve("a.tar");
        Random random = new Random(20);
        long end = System.nanoTime() + 4_000_000_000L;
        int read = 0;
        int refused = 0;
        while (System.nanoTime() < end) {
            byte[] bytes = mutated(valid.get(random.nextInt(valid.size())), random);
            Files.write(file, bytes);
            try {
                readAll(ImageArchive.open(file, MAX_MANIFEST_BYTES));
                read++;
            } catch (ArchiveException e) {
                refused++;
                assertMessage(e, file.toString());
            }
        }
        try (var files = Files.list(arena)) {
            assertEquals(List.of(file), files.toList());
        }
        assertTrue(read > 20 && refused > 20, read + " read, " + refused + " refused");
    }

    private static byte[] mutated(byte[] valid, Random random) {
        byte[] bytes = valid.clone();
        for (int i = random.nextInt(4); i >= 0; i--) {
            // Half of the changes are at the start of a record, where headers and JSON are most sensitive.
            int at = random.nextBoolean()
                    ? random.nextInt(bytes.length)
                    : Math.min(bytes.length - 1, random.nextInt(1 + bytes.length / 512) * 512 + random.nextInt(160));
            switch (random.nextInt(4)) {
                case 0 -> bytes[at] = (byte) random.nextInt(256);
                case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 2 -> bytes = Arrays.copyOf(bytes, Math.max(1, at));
                default -> {
                    int count = Math.min(random.nextInt(600), bytes.length - at);
                    System.arraycopy(bytes, random.nextInt(bytes.length - count + 1), bytes, at, count);
                }
            }
        }
        return bytes;
    }

    private static void readAll(ImageArchive archive) throws IOException {
        Set<Digest> blobs = new HashSet<>();
        for (ArchivedImage image : archive.images()) {
            archive.manifest(image.digest()).map(Manifest::blobs).ifPresent(all -> all.stream()
                    .filter(archive::has)
                    .map(Descriptor::digest)
                    .forEach(blobs::add));
        }
        archive.read(blobs, (digest, content) -> content.transferTo(OutputStream.nullOutputStream()));
    }

    private TestArchive layout() {
        TestArchive layout = new TestArchive();
        Image image = layout.image("amd64", LAYER);
        return layout.list(layout.index(image), FULL_NAME, "quay.io/app:1").layout();
    }

    private TestArchive saved() {
        byte[] config = TestArchive.config("amd64", LAYER);
        return new TestArchive()
                .file("config.json", config)
                .file("layer.tar", LAYER)
                .link("other/layer.tar", "../layer.tar")
                .save("config.json", List.of("app:1"), "layer.tar");
    }

    private byte[] with(TarArchiveEntry entry) throws IOException {
        byte[] header = new byte[512];
        entry.writeEntryHeader(header);
        return concat(header, layout().tar(Packing.PLAIN));
    }

    private static byte[] concat(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    private void assertRefused(TestArchive archive, String... words) throws IOException {
        assertRefused(archive.tar(Packing.PLAIN), words);
    }

    private void assertRefused(byte[] tar, String... words) throws IOException {
        Path file = Files.write(directory.resolve("a.tar"), tar);
        ArchiveException e = assertThrows(ArchiveException.class, () -> ImageArchive.open(file, MAX_MANIFEST_BYTES));
        assertMessage(e, file.toString());
        assertMessage(e, words);
        assertEquals(-1, e.getMessage().indexOf('\n'), new String(tar, 0, 0, UTF_8));
    }

    private static void assertMessage(ArchiveException e, String... words) {
        for (String word : words) {
            assertTrue(e.getMessage().contains(word), e.getMessage() + " has no " + word);
        }
    }
}
