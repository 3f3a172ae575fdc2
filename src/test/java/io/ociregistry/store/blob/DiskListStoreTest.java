package io.ociregistry.store.blob;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Repository;
import io.ociregistry.store.ListName;
import io.ociregistry.store.ListStore.StoredList;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.disk.WriteFailureLog;
import io.ociregistry.testing.LogLines;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DiskListStoreTest {
    private static final Instant CHECKED = Instant.parse("2026-01-02T03:04:05.678Z");
    private static final Repository REPOSITORY =
            ImageReference.parse("quay.io/team/app:1").repository();
    private static final ListName TAGS = new ListName.Tags(REPOSITORY);
    private static final StoredList LIST = list("{\"name\":\"team/app\",\"tags\":[\"1\"]}");

    @TempDir
    Path root;

    private Layout layout;
    private DiskListStore store;

    @BeforeEach
    void open() throws IOException {
        layout = new Layout(root);
        layout.create();
        store = new DiskListStore(layout);
    }

    @Test
    void eachListHasItsOwnFileWithItsName() throws IOException {
        Digest subject = Digest.of(new byte[0]);
        Repository other = ImageReference.parse("docker.io/team/app:1").repository();
        List<ListName> names = List.of(
                TAGS,
                new ListName.Tags(other),
                new ListName.Referrers(REPOSITORY, subject),
                new ListName.Referrers(REPOSITORY, Digest.of(new byte[1])));
        names.forEach(name -> store.put(name, LIST));
        assertEquals(4, files().size());
        assertTrue(files().stream().allMatch(file -> file.matches("(tags|referrers)-[0-9a-f]{64}")), files()::toString);
        String text = Files.readString(layout.list(names.get(2)));
        assertTrue(text.contains("\"referrers of quay.io/team/app@" + subject + "\""), text);
        assertTrue(text.contains("\"2026-01-02T03:04:05.678Z\""), text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "\u0000\u0000\u0000",
                "{\"list\":\"tags of quay.io/team/other\",\"checked\":\"2026-01-02T03:04:05Z\",\"answer\":{}}",
                "{\"list\":\"tags of quay.io/team/app\",\"checked\":\"yesterday\",\"answer\":{}}",
                "{\"list\":\"tags of quay.io/team/app\",\"answer\":{}}"
            })
    void invalidListFileIsAbsentAndReplaced(String text) throws IOException {
        Files.writeString(layout.list(TAGS), text);
        assertEquals(Optional.empty(), store.find(TAGS));
        store.put(TAGS, LIST);
        assertTrue(store.find(TAGS).isPresent());
    }

    @Test
    void fileThatIsTooLargeIsNotRead() throws IOException {
        Files.writeString(
                layout.list(TAGS),
                "{\"list\":\"" + TAGS + "\",\"checked\":\"2026-01-02T03:04:05Z\",\"answer\":\"" + "x".repeat(9 << 20)
                        + "\"}");
        assertEquals(Optional.empty(), store.find(TAGS));
    }

    @Test
    void failedWriteLeavesNoTemporaryFile() throws IOException {
        Files.createDirectories(layout.list(TAGS).resolve("in the way"));
        store.put(TAGS, LIST);
        assertEquals(Optional.empty(), store.find(TAGS));
        try (var left = Files.list(layout.partials())) {
            assertEquals(List.of(), left.toList());
        }
    }

    @Test
    void removedDirectoryIsCreatedAgain() throws IOException {
        Files.delete(layout.lists());
        Files.delete(layout.partials());
        store.put(TAGS, LIST);
        assertTrue(store.find(TAGS).isPresent());
    }

    @Test
    void readOnlyCacheIsNotWrittenAndLogsNothing() throws IOException {
        try (LogLines log = LogLines.of(WriteFailureLog.class.getName());
                LogLines own = LogLines.of(DiskListStore.class.getName())) {
            new DiskListStore(layout.readOnly()).put(TAGS, LIST);
            assertEquals("", log.text() + own.text());
        }
        assertEquals(List.of(), files());
    }

    @Test
    void writeFailuresAreLoggedAtStartAndEnd() throws IOException {
        try (LogLines log = LogLines.of(WriteFailureLog.class.getName());
                LogLines own = LogLines.of(DiskListStore.class.getName())) {
            Files.delete(layout.lists());
            Files.createFile(layout.lists());
            for (int i = 0; i < 20; i++) {
                store.put(numbered(i), LIST);
            }
            assertEquals(1, log.at("ERROR").size() + own.at("ERROR").size());
            Files.delete(layout.lists());
            store.put(TAGS, LIST);
            assertEquals(1, log.at("INFO").size(), log.text());
        }
    }

    @Test
    void oldestListsAreDeletedAndLinksStay() throws IOException {
        Files.writeString(layout.confirmedLinks(), "");
        DiskListStore small = new DiskListStore(layout, 20);
        for (int i = 0; i < 20; i++) {
            small.put(numbered(i), LIST);
            Files.setLastModifiedTime(layout.list(numbered(i)), FileTime.fromMillis(1_000_000L * i));
        }
        small.put(numbered(3), LIST);
        small.put(numbered(20), LIST);
        assertEquals(18 + 1, files().size());
        assertEquals(
                List.of(3, 4, 20),
                List.of(0, 1, 2, 3, 4, 20).stream()
                        .filter(i -> Files.exists(layout.list(numbered(i))))
                        .toList());
    }

    private static ListName numbered(int i) {
        return new ListName.Tags(new Repository(REPOSITORY.registry(), "r" + i));
    }

    private static StoredList list(String json) {
        return new StoredList(CHECKED, json.getBytes(StandardCharsets.UTF_8));
    }

    private List<String> files() throws IOException {
        List<String> names = new ArrayList<>();
        try (var files = Files.list(layout.lists())) {
            files.forEach(file -> names.add(String.valueOf(file.getFileName())));
        }
        return names;
    }
}
