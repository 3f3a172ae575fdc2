package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.oci.Digest;
import io.ociregistry.testing.Await;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.TestArchive;
import io.ociregistry.testing.TestArchive.Image;
import io.ociregistry.testing.TestArchive.Packing;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Archives that an operator sends to a running server. */
class SentArchivesTest extends Scenario {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String NAME = "quay.io/team/app:1.0";
    private static final byte[] LAYER = TestArchive.random(1, 300_000);

    private final TestArchive made = new TestArchive();

    @Test
    void archiveIsLoadedWhileServerRuns() throws Exception {
        Image image = image(LAYER);
        for (Packing packing : List.of(Packing.PLAIN, Packing.GZIP, Packing.ZSTD)) {
            Response answer = post("/cmd/load?platform=all", made.tar(packing));
            assertEquals(200, answer.status(), answer::toString);
            assertTrue(answer.text().contains("\nok: ") || answer.text().startsWith("already there"), answer.text());
            assertServed(image);
            assertEquals(List.of(), uploadFiles());
        }
    }

    @Test
    void brokenUploadIsContinued() throws Exception {
        Image image = image(LAYER);
        byte[] tar = made.tar(Packing.PLAIN);
        int half = tar.length / 2;
        String upload = "upload=" + Digest.of(tar);
        sendPart(upload, tar.length, Arrays.copyOf(tar, half)).close();
        awaitUpload("interrupted", half);
        assertEquals(1, uploadFiles().size());

        Response rest = post(
                "/cmd/load?platform=all&name=images.tar&offset=" + half + "&" + upload,
                Arrays.copyOfRange(tar, half, tar.length));

        assertTrue(rest.text().contains("loaded " + NAME + ": "), rest.text());
        assertServed(image);
        assertEquals(List.of(), uploadFiles());
        assertEquals(0, uploads().size());
    }

    @Test
    @SuppressWarnings("try") // the connection is only closed
    void brokenUploadWithoutDigestIsDeleted() throws Exception {
        image(LAYER);
        byte[] tar = made.tar(Packing.PLAIN);
        try (RawHttp client = sendPart("", tar.length, Arrays.copyOf(tar, 100_000))) {
            awaitUpload("receiving", 100_000);
        }
        Await.until("no upload", () -> uploads().isEmpty());
        assertEquals(List.of(), uploadFiles());
    }

    @Test
    void wrongOffsetIsRefusedWithTheRightOne() throws Exception {
        image(LAYER);
        byte[] tar = made.tar(Packing.PLAIN);
        String upload = "upload=" + Digest.of(tar);
        assertRefused(416, "this server has 0 bytes", announce("/cmd/load?offset=7&" + upload, tar.length));
        sendPart(upload, tar.length, Arrays.copyOf(tar, 100_000)).close();
        awaitUpload("interrupted", 100_000);
        assertRefused(416, "continue at offset 100000", announce("/cmd/load?offset=7&" + upload, tar.length));
        assertTrue(post("/cmd/load?platform=all&" + upload, tar).text().contains("\nok: "), "starts over at 0");
    }

    @Test
    void archiveWithOtherDigestIsNotLoaded() throws Exception {
        image(LAYER);
        byte[] tar = made.tar(Packing.PLAIN);
        Response answer = post("/cmd/load?upload=" + Digest.of(LAYER), tar);
        assertRefused(400, "have the digest " + Digest.of(tar), answer);
        assertEquals(List.of(), uploadFiles());
    }

    @Test
    void archiveLargerThanHalfOfQuotaIsRefusedBeforeItsBody() throws Exception {
        startWith("cache:\n  maxSize: 500kB\n");
        assertRefused(
                413,
                "300000 bytes are more than half of cache.maxSize, which is 500000",
                announce("/cmd/load?upload=" + Digest.of(LAYER), LAYER.length));
        assertEquals(List.of(), uploadFiles());
        assertEquals(0, uploads().size());
    }

    @Test
    void archiveOfUnknownSizeThatDoesNotFitIsRefused() throws Exception {
        startWith("cache:\n  maxSize: 500kB\n");
        image(TestArchive.random(1, 250_000));
        byte[] tar = made.tar(Packing.PLAIN);
        String chunk = Integer.toHexString(tar.length) + "\r\n" + text(tar) + "\r\n0\r\n\r\n";
        try (RawHttp client = RawHttp.connect(registry.base())) {
            Response answer = client.sendWithBody(
                    chunk, "POST", "/cmd/load", registry.operator().authorization(), "Transfer-Encoding: chunked");
            assertRefused(413, "more than half of cache.maxSize", answer);
        }
        assertEquals(List.of(), uploadFiles());
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void fullDiskIsReportedAndNothingStays() throws Exception {
        image(TestArchive.random(1, 1000));
        byte[] tar = made.tar(Packing.PLAIN);
        sendPart("upload=" + Digest.of(LAYER), 400_000, Arrays.copyOf(tar, 1000))
                .close();
        awaitUpload("interrupted", 1000);
        int number = Integer.parseInt(uploadFiles().get(0).split("\\.", -1)[1]);
        for (int i = 1; i < 100; i++) {
            Files.createSymbolicLink(partial("upload." + (number + i) + ".tmp"), Path.of("/dev/full"));
        }
        int before = uploadFiles().size();
        Response answer = post("/cmd/load?name=images.tar", tar);
        assertRefused(503, "the archive images.tar can't be written to the disk of the cache: No space left", answer);
        assertEquals(before - 1, uploadFiles().size());
        assertEquals(1, uploads().size());
    }

    @Test
    void onlyTheOperatorSendsArchives() throws Exception {
        image(LAYER);
        byte[] tar = made.tar(Packing.PLAIN);
        for (String header : List.of("Authorization: Bearer wrong", "X-None: none")) {
            Response answer = announceAs(header, "/cmd/load?upload=" + Digest.of(tar), tar.length);
            assertEquals(403, answer.status());
        }
        assertEquals(List.of(), uploadFiles());
        assertEquals(
                "no manifests found\n",
                registry.operator().get("/cmd/manifest/list").text());
    }

    @Test
    void hostileArchiveIsRejectedByTheNameThatTheClientGave() throws Exception {
        image(LAYER);
        made.file("../evil", LAYER);
        Response answer = post("/cmd/load?platform=all&name=images.tar", made.tar(Packing.PLAIN));
        assertTrue(
                answer.text().startsWith("not loaded: images.tar: archive images.tar, entry \"../evil\": it leads out"),
                answer.text());
        assertTrue(answer.text().contains("\nfailed: 0 loaded, 0 already there, 1 failed"), answer.text());
        assertEquals(List.of(), uploadFiles());
    }

    @Test
    void corruptBlobIsNotStored() throws Exception {
        Image image = image(LAYER);
        made.file(TestArchive.entry(image.layers().get(0)), TestArchive.random(2, LAYER.length));
        Response answer = post("/cmd/load?platform=all", made.tar(Packing.PLAIN));
        assertTrue(answer.text().contains("not loaded: " + NAME), answer.text());
        assertEquals(List.of(), uploadFiles());
    }

    @Test
    void twoArchivesArriveAtOnceAndThirdIsRefused() throws Exception {
        Image image = image(LAYER);
        byte[] first = made.tar(Packing.PLAIN);
        byte[] second = new TestArchive().file("a", LAYER).tar(Packing.PLAIN);
        try (RawHttp one = sendPart("platform=all", first.length, Arrays.copyOf(first, 1000));
                RawHttp two = sendPart("upload=" + Digest.of(second), second.length, Arrays.copyOf(second, 2000))) {
            awaitUpload("receiving", 1000);
            awaitUpload("receiving", 2000);
            Response third = announce("/cmd/load?upload=" + Digest.of(LAYER), 1000);
            assertRefused(503, "already receives or loads 2 archives", third);
            assertEquals("60", third.header("Retry-After"));
            assertRefused(
                    503,
                    "another request sends or loads the archive",
                    announce("/cmd/load?upload=" + Digest.of(second), second.length));
            two.write(text(Arrays.copyOfRange(second, 2000, second.length)));
            Response answer = one.sendRaw(text(Arrays.copyOfRange(first, 1000, first.length)), false);
            assertTrue(answer.text().contains("loaded " + NAME), "first");
            assertServed(image);
        }
        Await.until("no upload", () -> uploads().isEmpty());
        assertEquals(List.of(), uploadFiles());
    }

    @Test
    void startDeletesWhatCrashLeft() throws Exception {
        stopServer();
        Files.write(partial("upload.3.tmp"), LAYER);
        startWith("");
        assertEquals(List.of(), uploadFiles());
    }

    @Test
    void stopDeletesInterruptedUploads() throws Exception {
        sendPart("upload=" + Digest.of(LAYER), LAYER.length, Arrays.copyOf(LAYER, 1000))
                .close();
        awaitUpload("interrupted", 1000);
        stopServer();
        assertEquals(List.of(), uploadFiles());
    }

    private Image image(byte[] layer) {
        Image image = made.image("amd64", layer);
        made.list(image, TestArchive.FULL_NAME, NAME).layout();
        return image;
    }

    /** Sends the headers and the first bytes of an archive, and leaves the connection open. */
    private RawHttp sendPart(String query, int length, byte[] part) throws IOException {
        RawHttp client = RawHttp.connect(registry.base());
        client.write("POST /cmd/load?" + query + " HTTP/1.1\r\nHost: localhost\r\n"
                + registry.operator().authorization() + "\r\nContent-Length: " + length + "\r\n\r\n" + text(part));
        return client;
    }

    /** Sends the headers only, as a client does that waits until the server agrees to receive the body. */
    private Response announce(String path, int length) throws IOException {
        return announceAs(registry.operator().authorization(), path, length);
    }

    private Response announceAs(String authorization, String path, int length) throws IOException {
        try (RawHttp client = RawHttp.connect(registry.base())) {
            Response answer =
                    client.send("POST", path, authorization, "Content-Length: " + length, "Expect: 100-continue");
            answer.body();
            return answer;
        }
    }

    private Response post(String path, byte[] body) throws IOException {
        return registry.operator().send(text(body), "POST", path);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private JsonNode uploads() throws IOException {
        return JSON.readTree(registry.operator()
                .get("/cmd/uploads", "Accept: application/json")
                .body());
    }

    private void awaitUpload(String state, long bytes) throws Exception {
        Await.until(
                state + " " + bytes, this::uploads, uploads -> Stream.iterate(0, i -> i < uploads.size(), i -> i + 1)
                        .map(uploads::path)
                        .anyMatch(upload -> upload.path("state").asText().equals(state)
                                && upload.path("bytes").asLong() == bytes));
    }

    private void assertServed(Image image) throws IOException {
        Response manifest = get("/v2/team/app/manifests/1.0?ns=quay.io");
        assertEquals(image.digest(), Digest.of(manifest.body()));
        assertArrayEquals(
                LAYER,
                get("/v2/team/app/blobs/" + image.layers().get(0) + "?ns=quay.io")
                        .body());
    }

    private static void assertRefused(int status, String why, Response answer) throws IOException {
        assertTrue(answer.text().contains(why), answer.text());
        assertEquals(status, answer.status());
    }

    private Path partial(String name) {
        return images.resolve("partial").resolve(name);
    }

    private List<String> uploadFiles() throws IOException {
        try (Stream<Path> files = Files.list(images.resolve("partial"))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith("upload"))
                    .sorted()
                    .toList();
        }
    }
}
