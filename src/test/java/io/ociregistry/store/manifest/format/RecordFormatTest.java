package io.ociregistry.store.manifest.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.MediaType;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.RecordedReference;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecordFormatTest {
    private static final String HEX = "a".repeat(64);
    private static final Instant FILE_TIME = Instant.parse("2020-02-02T02:02:02Z");
    private static final Instant NOON = Instant.parse("2025-06-01T12:00:00.123Z");

    private static final String NO_OCI_INDEX = "\"v1.oci.index\":{\"schemaVersion\":0,\"manifests\":null}";
    private static final String NO_OCI_MANIFEST = "\"v1.oci.manifest\":{\"schemaVersion\":0,"
            + "\"config\":{\"mediaType\":\"\",\"digest\":\"\",\"size\":0},\"layers\":null}";
    private static final String NO_DOCKER_LIST =
            "\"v2.docker.manifestList\":{\"schemaVersion\":0,\"mediaType\":\"\",\"manifests\":null}";
    private static final String NO_DOCKER_MANIFEST =
            "\"v2.docker.manifest\":{\"schemaVersion\":0,\"config\":{},\"layers\":null}";

    /** Content of records as the Go program writes them. */
    private static final String CONFIG = "{\"architecture\":\"amd64\",\"os\":\"linux\"}";

    private static final String LAYER = "layer-1";
    private static final String IMAGE =
            "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
                    + "\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\""
                    + digest(CONFIG)
                    + "\",\"size\":37},\"layers\":[{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\","
                    + "\"digest\":\"" + digest(LAYER) + "\",\"size\":7}]}";
    private static final String INDEX =
            "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","
                    + "\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\""
                    + digest(IMAGE)
                    + "\",\"size\":398,\"platform\":{\"architecture\":\"amd64\",\"os\":\"linux\"}}]}";

    @ParameterizedTest
    @CsvSource({
        "0, application/vnd.docker.distribution.manifest.list.v2+json, v2.docker.manifestList",
        "1, application/vnd.docker.distribution.manifest.v2+json, v2.docker.manifest",
        "2, application/vnd.oci.image.index.v1+json, v1.oci.index",
        "3, application/vnd.oci.image.manifest.v1+json, v1.oci.manifest",
        "4, application/vnd.oci.artifact.manifest.v1+json, ''"
    })
    void everyTypeHasKeysAndZeroValuesOfGoProgram(int number, String mediaType, String filled) throws IOException {
        String json = "{\"schemaVersion\":2,\"mediaType\":\"" + mediaType + "\",\"annotations\":{\"<&>\":\"ü\"}}";
        String written = written(record(json, "quay.io/a:v1"));

        JsonNode record = JsonMapper.builder().build().readTree(written);
        List<String> keys = new ArrayList<>();
        record.fieldNames().forEachRemaining(keys::add);
        assertEquals(
                List.of(
                        "type",
                        "digest",
                        "imageUrl",
                        "bytes",
                        "v1.oci.index",
                        "v1.oci.manifest",
                        "v2.docker.manifestList",
                        "v2.docker.manifest",
                        "created",
                        "pulled",
                        "mediaType",
                        "references"),
                keys);
        assertEquals(number, record.path("type").intValue());
        for (String empty : List.of(NO_OCI_INDEX, NO_OCI_MANIFEST, NO_DOCKER_LIST, NO_DOCKER_MANIFEST)) {
            boolean own = empty.startsWith("\"" + filled + "\":");
            assertEquals(!own, written.contains(empty), empty);
        }
        if (!filled.isEmpty()) {
            assertEquals(2, record.path(filled).path("schemaVersion").intValue(), written);
            assertEquals(mediaType, record.path(filled).path("mediaType").asText(), written);
        }
        assertEquals(List.of(), GoDecoder.refused(record));
        assertEquals(digest(json), "sha256:" + record.path("digest").asText());
        assertArrayEquals(
                json.getBytes(StandardCharsets.UTF_8),
                Base64.getDecoder().decode(record.path("bytes").asText()));
        assertTrue(written.indexOf('\n') < 0, "one line");
    }

    /** Manifests that a registry may send and that clients accept, but that the Go program's decoder rejects. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'schemaVersion':'2','config':{},'layers':[]}",
                "{'schemaVersion':2.0,'config':{},'layers':[]}",
                "{'schemaVersion':1e400,'config':{},'layers':[]}",
                "{'schemaVersion':99999999999999999999,'config':{},'layers':[]}",
                "{'config':{'size':'7','digest':5,'mediaType':[]},'layers':[]}",
                "{'config':{'size':7.5},'layers':[{'data':'no base64!','urls':'x','annotations':[]}, 'text', 5, null]}",
                "{'config':{'platform':'linux'},'layers':[{'platform':{'os':5,'os.features':'x'}}]}",
                "{'config':{},'layers':[],'annotations':{'a':1}}",
                "{'config':{},'layers':[],'LAYERS':'x','Config':5,'Annotations':[]}",
                "{'config':{},'layers':[],'subject':'sha256:1','mediaType':5}",
                "{'manifests':[],'artifactType':{},'Manifests':7}",
                "{'mediaType':'application/vnd.docker.distribution.manifest.list.v2+json',"
                        + "'manifests':[{'size':'x','SIZE':1}]}"
            })
    void goProgramReadsRecordOfAnyManifest(String manifest) throws IOException {
        JsonNode json =
                JsonMapper.builder().build().readTree(written(record(manifest.replace('\'', '"'), "quay.io/a:v1")));
        assertEquals(List.of(), GoDecoder.refused(json));
    }

    @Test
    void copyHasTheDigestsThatGoProgramReads() throws IOException {
        JsonNode image = JsonMapper.builder().build().readTree(written(record(IMAGE, "quay.io/a:v1")));
        assertEquals(IMAGE, image.path("v1.oci.manifest").toString());
        JsonNode index = JsonMapper.builder().build().readTree(written(record(INDEX, "quay.io/a:v1")));
        assertEquals(INDEX, index.path("v1.oci.index").toString());
    }

    @Test
    void bytesOfManifestAreKeptExactly() throws IOException {
        String strange = "{ \"manifests\" :\t[ ] ,\r\n\"x\":1.0e1,\"x\":1E400,\"\\u0041\":\"\\/\" }\n\n";
        ManifestRecord record = record(strange, "quay.io/a:v1");
        ManifestRecord read = RecordFormat.read(RecordFormat.write(record), FILE_TIME);
        assertEquals(record.manifest().bytes(), read.manifest().bytes());
        assertEquals(record.manifest().mediaType(), read.manifest().mediaType());
    }

    @Test
    void imageUrlIsNewestTagOtherwiseDigest() throws IOException {
        ManifestRecord record = record(INDEX, "quay.io/a@" + digest(INDEX));
        assertImageUrl("quay.io/a@" + digest(INDEX), record);
        record = record.withConfirmed(ImageReference.parse("quay.io/a:old"), NOON);
        assertImageUrl("quay.io/a:old", record);
        record = record.withConfirmed(ImageReference.parse("localhost:5000/b/c:NEW"), NOON.plusSeconds(1));
        assertImageUrl("localhost:5000/b/c:NEW", record);
        record = record.withConfirmed(ImageReference.parse("quay.io/z@" + digest(INDEX)), NOON.plusSeconds(9));
        assertImageUrl("localhost:5000/b/c:NEW", record);
        record = record.withConfirmed(ImageReference.parse("quay.io/a:old"), NOON.plusSeconds(10));
        assertImageUrl("quay.io/a:old", record);
        assertEquals(4, record.references().size());
    }

    @Test
    void everyNameIsReadWithItsTimes() throws IOException {
        ManifestRecord record = record(INDEX, "quay.io/a:v1")
                .withConfirmed(ImageReference.parse("[::1]:5000/b:V1"), NOON.plusMillis(1))
                .withConfirmed(ImageReference.parse("quay.io/a:v1"), NOON.plusSeconds(5));
        ManifestRecord read = RecordFormat.read(RecordFormat.write(record), FILE_TIME);
        assertEquals(record.references(), read.references());
        assertEquals(NOON, read.references().get(0).created());
        assertEquals(NOON.plusSeconds(5), read.references().get(0).checked());
    }

    @Test
    void goRecordOfIndexByTagIsRead() throws IOException {
        assertEquals("sha256:83c538418842cad225dbff6f1be787ccc5d5fd4cbd443214c3e1e55cb680c392", digest(INDEX));
        ManifestRecord record = read(goRecord(
                2,
                INDEX,
                "registry.example.io/team/app:v1",
                "\"v1.oci.index\":" + INDEX,
                NO_OCI_MANIFEST,
                NO_DOCKER_LIST,
                NO_DOCKER_MANIFEST));
        assertEquals(MediaType.OCI_INDEX, record.manifest().mediaType());
        assertEquals(
                List.of(Digest.parse("sha256:77dea259a0440ce3ee619ee4ab957f1df175e461dfe9a48cb0dad64a3aa4d33d")),
                record.manifest().children().stream()
                        .map(child -> child.digest())
                        .toList());
        assertOneName(record, "registry.example.io/team/app:v1");
    }

    @Test
    void goRecordOfImageByDigestIsRead() throws IOException {
        String name = "registry.example.io/team/app@" + digest(IMAGE);
        ManifestRecord record = read(goRecord(
                3, IMAGE, name, NO_OCI_INDEX, "\"v1.oci.manifest\":" + IMAGE, NO_DOCKER_LIST, NO_DOCKER_MANIFEST));
        assertEquals(MediaType.OCI_MANIFEST, record.manifest().mediaType());
        assertEquals(
                List.of(
                        Digest.parse("sha256:9d99a75171aea000c711b34c0e5e3f28d3d537dd99d110eafbfbc2bd8e52c2bf"),
                        Digest.parse("sha256:922badbaf192e1a4a5af64df422de6d73e96e70d0ab52245bd3d692bcea9cfad")),
                record.manifest().blobs().stream().map(blob -> blob.digest()).toList());
        assertOneName(record, name);
    }

    @Test
    void recordOfVersion17IsRead() throws IOException {
        String json = "{'pullRequest':{'pullType':0,'org':'team','image':'app','reference':'v1','remote':'quay.io'},"
                + "'imageUrl':'quay.io/team/app:v1','mediaType':'" + MediaType.DOCKER_LIST + "','digest':'"
                + hex("{\"manifests\":[]}") + "','size':16,'bytes':'" + base64("{\"manifests\":[]}")
                + "','type':0,'v1.oci.index':{},'v2.docker.Manifest':{'config':{},'layers':null}}";
        ManifestRecord record = read(json.replace('\'', '"'));
        assertEquals(MediaType.DOCKER_LIST, record.manifest().mediaType());
        assertEquals("quay.io/team/app:v1", record.references().get(0).name().toString());
        assertEquals(FILE_TIME, record.references().get(0).checked(), "as old as the file");
    }

    /** The Go program's "load" gives the image that it chose from a list the name of the list. */
    @Test
    void listWinsTagOverImagesThatKeepTheirOrder() throws IOException {
        String list = goRecord(2, INDEX, "quay.io/a:v1").replace("2025-04-20", "2001-01-01");
        RecordedReference lists = read(list).references().get(0);
        RecordedReference older =
                read(goRecord(3, IMAGE, "quay.io/a:v1")).references().get(0);
        RecordedReference newer = read(goRecord(3, IMAGE, "quay.io/a:v1").replace("20:06:04", "20:06:05"))
                .references()
                .get(0);
        assertTrue(newer.checked().isBefore(lists.checked()), newer + " " + lists);
        assertTrue(older.checked().isBefore(newer.checked()), older + " " + newer);
        assertEquals(local("2025-04-20T20:06:04"), older.created());
    }

    @Test
    void digestInNameIsReplacedByManifestDigest() throws IOException {
        String lists = "quay.io/a@" + digest(INDEX);
        for (String text : List.of(
                goRecord(3, IMAGE, lists),
                written(record(IMAGE, "quay.io/a:v1")).replace("quay.io/a:v1", lists))) {
            assertEquals(
                    "quay.io/a@" + digest(IMAGE),
                    read(text).references().get(0).name().toString());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "docker.io/hello-world:latest, docker.io/library/hello-world:latest",
        "index.docker.io/library/hello-world:latest, docker.io/library/hello-world:latest",
        "docker.io/calico/typha:v3, docker.io/calico/typha:v3",
        "localhost:5000/x:v1, localhost:5000/x:v1",
        "registry/x:v1, registry/x:v1",
        "quay.io:443/a:v1, quay.io/a:v1"
    })
    void namesOfOldRecordsAreCanonical(String old, String name) throws IOException {
        assertEquals(
                name, read(goRecord(2, INDEX, old)).references().get(0).name().toString());
    }

    @Test
    void invalidNameIsSkipped() throws IOException {
        ManifestRecord two = record(INDEX, "quay.io/a:v1").withConfirmed(ImageReference.parse("quay.io/b:v2"), NOON);
        for (String bad : List.of("", "QUAY IO", "quay.io/b", "quay.io/b@sha256:1")) {
            String text = written(two).replaceFirst("\"name\":\"quay.io/b:v2\"", "\"name\":\"" + bad + "\"");
            assertEquals(
                    List.of("quay.io/a:v1"),
                    read(text).references().stream()
                            .map(reference -> reference.name().toString())
                            .toList(),
                    bad);
        }
        String none = written(record(INDEX, "quay.io/a:v1")).replace("\"name\":\"quay.io/a:v1\"", "\"name\":5");
        assertEquals("quay.io/a:v1", read(none).references().get(0).name().toString(), "imageUrl is left");
    }

    @Test
    void keysAreReadInAnyCase() throws IOException {
        ManifestRecord record =
                read("{\"TYPE\":0,\"Digest\":\"" + hex("{}") + "\",\"IMAGEURL\":\"quay.io/a:v1\",\"Bytes\":\""
                        + base64("{}") + "\",\"CREATED\":\"2025-04-20T20:06:04\"}");
        assertEquals(MediaType.DOCKER_LIST, record.manifest().mediaType());
        assertEquals(local("2025-04-20T20:06:04"), record.references().get(0).created());
    }

    /** Instants to which no duration can be added, or that no record can hold. */
    @ParameterizedTest
    @CsvSource({
        "+1000000000-12-31T23:59:59.999999999Z, 9999-12-31T00:00:00Z",
        "+10000-01-01T00:00:00Z, 9999-12-31T00:00:00Z",
        "-1000000000-01-01T00:00:00Z, 1970-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z, 1970-01-01T00:00:00Z"
    })
    void timesAreLimitedToYears1970To9999(Instant written, Instant read) throws IOException {
        String text = new String(RecordFormat.write(record(INDEX, "quay.io/a:v1")), StandardCharsets.UTF_8)
                .replace(NOON.toString(), written.toString());
        ManifestRecord record = read(text);
        RecordedReference name = record.references().get(0);
        assertEquals(List.of(read, read, read), List.of(name.created(), name.pulled(), name.checked()));
        assertEquals(
                record.references(),
                RecordFormat.read(RecordFormat.write(record), FILE_TIME).references());
    }

    @Test
    void recordWithFileTimeOutOfRangeCanBeWritten() throws IOException {
        String text = goRecord(2, INDEX, "quay.io/a:v1").replace("2025-04-20T20:06:04", "");
        ManifestRecord record = RecordFormat.read(text.getBytes(StandardCharsets.UTF_8), Instant.MAX);
        RecordFormat.write(record);
    }

    @ParameterizedTest
    @ValueSource(strings = {"$CREATED", "", "2025-13-41T99:99:99", "yesterday", "2025-04-20T20:06:04Z", "null", "0"})
    void unreadableTimeIsReplacedByFileTime(String time) throws IOException {
        ManifestRecord record = read(goRecord(2, INDEX, "quay.io/a:v1").replace("2025-04-20T20:06:04", time));
        assertEquals(FILE_TIME, record.references().get(0).created());
        assertEquals(local("2025-04-20T20:07:31"), record.references().get(0).pulled());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{",
                "null",
                "[]",
                "1",
                "{}",
                "{\"bytes\":null}",
                "{\"bytes\":5}",
                "{\"bytes\":\"!!\"}",
                "{\"bytes\":\"e30=\"}",
                "{\"bytes\":\"e30\",\"digest\":\"x\",\"type\":2}",
                "\u0000\u0000\u0000{\uffff"
            })
    void invalidRecordIsRejected(String text) {
        assertThrows(IOException.class, () -> read(text));
    }

    @Test
    void recordWithoutValidNameIsRejected() {
        for (String name : List.of("", "alpine", "quay.io/a", "QUAY/..:x", "a b/c:d")) {
            assertThrows(IOException.class, () -> read(goRecord(2, INDEX, name)), name);
        }
    }

    @Test
    void bytesWithOtherDigestAreRejected() {
        assertThrows(
                IOException.class, () -> read(goRecord(2, INDEX, "quay.io/a:v1").replace(hex(INDEX), HEX)));
        assertThrows(
                IOException.class,
                () -> read(goRecord(2, INDEX, "quay.io/a:v1").replace(hex(INDEX), "sha256:" + hex(INDEX))));
    }

    @Test
    void deeplyNestedManifestCanBeReadAgain() throws IOException {
        for (int depth : new int[] {10, 990, 995, 996, 997, 998, 999, 1000}) {
            String json = "{\"manifests\":[],\"x\":" + "[".repeat(depth) + "]".repeat(depth) + "}";
            ManifestRecord record;
            try {
                record = record(json, "quay.io/a:v1");
            } catch (io.ociregistry.oci.RegistryException tooDeep) {
                assertTrue(depth > 900, "refused at " + depth);
                continue;
            }
            assertEquals(
                    record.references(),
                    RecordFormat.read(RecordFormat.write(record), FILE_TIME).references());
        }
    }

    @Test
    void largeManifestCanBeReadAgain() throws IOException {
        String json =
                "{\"manifests\":[],\"x\":[" + "\"0123456789012345678901234567890123456789\",".repeat(400_000) + "0]}";
        ManifestRecord record = record(json, "quay.io/a:v1");
        assertEquals(
                record.manifest().digest(),
                RecordFormat.read(RecordFormat.write(record), FILE_TIME)
                        .manifest()
                        .digest());
    }

    @Property(tries = 300)
    void arbitraryBytesAreRejected(@ForAll byte[] bytes) {
        assertThrows(IOException.class, () -> RecordFormat.read(bytes, FILE_TIME));
    }

    @Property(tries = 300)
    void recordWithOneWrongByteIsValidOrRejected(@ForAll int position, @ForAll byte wrong) throws IOException {
        byte[] bytes = RecordFormat.write(record(INDEX, "quay.io/a:v1"));
        bytes[Math.floorMod(position, bytes.length)] = wrong;
        try {
            assertEquals(
                    digest(INDEX),
                    RecordFormat.read(bytes, FILE_TIME).manifest().digest().toString());
        } catch (IOException refused) {
            assertTrue(!String.valueOf(refused.getMessage()).isEmpty());
        }
    }

    @Test
    void truncatedRecordIsRejected() throws IOException {
        String whole = written(record(INDEX, "quay.io/a:v1"));
        for (int length = 0; length < whole.length(); length++) {
            String cut = whole.substring(0, length);
            assertThrows(IOException.class, () -> read(cut), cut);
        }
    }

    private static void assertImageUrl(String expected, ManifestRecord record) throws IOException {
        assertTrue(written(record).contains("\"imageUrl\":\"" + expected + "\""), written(record));
    }

    private static void assertOneName(ManifestRecord record, String name) {
        RecordedReference expected = new RecordedReference(
                ImageReference.parse(name),
                local("2025-04-20T20:06:04"),
                local("2025-04-20T20:07:31"),
                local("2025-04-20T20:06:04"));
        assertEquals(List.of(expected), record.references());
    }

    private static ManifestRecord record(String manifest, String name) {
        Manifest parsed = Manifest.parse(manifest.getBytes(StandardCharsets.UTF_8), MediaType.NONE);
        return new ManifestRecord(parsed, List.of(RecordedReference.confirmed(ImageReference.parse(name), NOON)));
    }

    private static String goRecord(int type, String manifest, String imageUrl, String... copies) {
        return "{\"type\":" + type + ",\"digest\":\"" + hex(manifest) + "\",\"imageUrl\":\"" + imageUrl
                + "\",\"bytes\":\""
                + base64(manifest) + "\"," + String.join(",", copies) + (copies.length > 0 ? "," : "")
                + "\"created\":\"2025-04-20T20:06:04\",\"pulled\":\"2025-04-20T20:07:31\"}";
    }

    private static String written(ManifestRecord record) throws IOException {
        return new String(RecordFormat.write(record), StandardCharsets.UTF_8);
    }

    private static ManifestRecord read(String json) throws IOException {
        return RecordFormat.read(json.getBytes(StandardCharsets.UTF_8), FILE_TIME);
    }

    private static Instant local(String time) {
        return LocalDateTime.parse(time).atZone(ZoneId.systemDefault()).toInstant();
    }

    private static String digest(String text) {
        return Digest.of(text.getBytes(StandardCharsets.UTF_8)).toString();
    }

    private static String hex(String text) {
        return Digest.of(text.getBytes(StandardCharsets.UTF_8)).hex();
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
