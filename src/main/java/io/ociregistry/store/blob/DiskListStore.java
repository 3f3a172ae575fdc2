package io.ociregistry.store.blob;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ociregistry.store.ListName;
import io.ociregistry.store.ListStore;
import io.ociregistry.store.ListStore.StoredList;
import io.ociregistry.store.disk.DurableFiles;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.disk.UnreadableFiles;
import io.ociregistry.store.disk.WriteFailureLog;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last good answers of upstreams for lists of tags and referrers, on disk.
 *
 * <p>Each list is a JSON file that is written atomically: {@code list} is its name, {@code checked} the time of the
 * upstream's answer, and {@code answer} the list as clients get it. A file that can't be read, or that contains another
 * list than its name says, counts as absent and is replaced by the next answer. When there are more than
 * {@value #MAX_FILES} files, the oldest are deleted. Thread-safe.
 */
public final class DiskListStore implements ListStore {
    private static final Logger LOG = LoggerFactory.getLogger(DiskListStore.class);
    private static final int MAX_FILES = 20_000;
    /** This program stores smaller lists only; a larger file is from another program. */
    private static final long MAX_BYTES = 8 << 20;

    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final Layout layout;
    private final int maxFiles;
    private final WriteFailureLog writeFailures;
    /** Number of list files; -1 before the first new one. Guarded by "this". */
    private int files = -1;

    /** Creates a store in a layout whose directories exist. */
    public DiskListStore(Layout layout) {
        this(layout, MAX_FILES);
    }

    DiskListStore(Layout layout, int maxFiles) {
        this.layout = layout;
        this.maxFiles = maxFiles;
        this.writeFailures = new WriteFailureLog("lists of tags and referrers in " + layout.lists());
    }

    @Override
    public Optional<StoredList> find(ListName name) {
        Path file = layout.list(name);
        if (layout.unreadable().reasonIfUnreadable(file).isPresent()) {
            return Optional.empty();
        }
        try {
            long size = Files.size(file);
            if (size > MAX_BYTES) {
                throw new IOException("it has " + size + " bytes");
            }
            return Optional.of(read(name, Files.readAllBytes(file)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException | DateTimeException e) {
            LOG.warn(
                    "reading the list of the {} from {} failed, so the upstream is asked again: {}",
                    name,
                    file,
                    e.toString());
            return Optional.empty();
        }
    }

    @Override
    public Optional<String> unreadableReason(ListName name) {
        UnreadableFiles unreadable = layout.unreadable();
        return unreadable
                .reasonIfUnreadable(layout.list(name))
                .or(() -> unreadable.isAnyIn(layout.recordDirectories()) ? unreadable.summary() : Optional.empty());
    }

    @Override
    public void put(ListName name, StoredList list) {
        if (!layout.isWritable()) {
            return;
        }
        Path file = layout.list(name);
        try {
            layout.ensureDirectory(layout.lists());
            boolean isNew = Files.notExists(file);
            DurableFiles.write(layout, file, write(name, list));
            if (isNew) {
                count();
            }
            writeFailures.recovered();
        } catch (IOException e) {
            writeFailures.failed(e);
        }
    }

    @Override
    public void remove(ListName name) {
        try {
            if (layout.isWritable() && Files.deleteIfExists(layout.list(name))) {
                uncount();
            }
        } catch (IOException e) {
            writeFailures.failed(e);
        }
    }

    private synchronized void uncount() {
        files = Math.max(-1, files - 1);
    }

    private static StoredList read(ListName name, byte[] bytes) throws IOException {
        JsonNode json = JSON.readTree(bytes);
        if (json == null || !json.path("list").asText("").equals(name.toString())) {
            throw new IOException("its \"list\" is not " + name);
        }
        String answer = json.path("answer").toString();
        return new StoredList(Instant.parse(json.path("checked").asText("")), answer.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] write(ListName name, StoredList list) throws IOException {
        ObjectNode json = JSON.createObjectNode();
        json.put("list", name.toString());
        json.put("checked", list.checked().toString());
        json.set("answer", JSON.readTree(list.json()));
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(json);
    }

    /** Counts a new file; if there are too many, deletes the oldest until a tenth of the limit is free. */
    private synchronized void count() throws IOException {
        files = files < 0 ? oldestFirst().size() : files + 1;
        if (files <= maxFiles) {
            return;
        }
        List<Path> all = oldestFirst();
        int surplus = all.size() - maxFiles + maxFiles / 10;
        for (Path file : all.subList(0, Math.max(0, surplus))) {
            Files.deleteIfExists(file);
        }
        files = Math.min(all.size(), maxFiles - maxFiles / 10);
    }

    private List<Path> oldestFirst() {
        record Aged(Path file, Instant modified) {}
        List<Aged> found = new ArrayList<>();
        try (var stream = Files.newDirectoryStream(layout.lists(), "{tags,referrers}-*")) {
            for (Path file : stream) {
                found.add(new Aged(file, Files.getLastModifiedTime(file).toInstant()));
            }
        } catch (AccessDeniedException e) {
            layout.unreadable().add(layout.lists());
        } catch (IOException e) {
            LOG.warn("listing {} failed: {}", layout.lists(), e.toString());
        }
        return found.stream()
                .sorted(Comparator.comparing(Aged::modified))
                .map(Aged::file)
                .toList();
    }
}
