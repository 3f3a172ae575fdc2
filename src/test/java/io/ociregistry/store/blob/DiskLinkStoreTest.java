package io.ociregistry.store.blob;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.store.ConfirmedLink;
import io.ociregistry.store.disk.Layout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskLinkStoreTest {
    private static final ConfirmedLink SECRET = link("quay.io:5000/team/app", 'a', false);
    private static final ConfirmedLink OPEN = link("docker.io/library/alpine", 'b', true);
    private static final ConfirmedLink LATER = link("ghcr.io/x", 'c', true);

    @TempDir
    Path root;

    private Layout layout;
    private DiskLinkStore links;

    @BeforeEach
    void open() throws IOException {
        layout = new Layout(root);
        layout.create();
        links = new DiskLinkStore(layout);
    }

    @Test
    void malformedLinesAreSkipped() throws IOException {
        links.create(List.of(SECRET));
        for (String line : List.of("docker.io", "docker.io/a", "docker.io/a ", "docker.io/a sha256:0", " ", "/ x")) {
            Files.writeString(layout.confirmedLinks(), "\n" + line, StandardOpenOption.APPEND);
        }
        links.add(OPEN);
        assertEquals(List.of(SECRET, OPEN), found());
    }

    @Test
    void noLinkIsAddedBeforeFirstLinksAreWritten() throws IOException {
        // A file in place of the directory makes every write fail.
        Files.delete(layout.lists());
        Files.createFile(layout.lists());
        links.create(List.of(SECRET));
        links.add(OPEN);
        assertFalse(links.isCreated(), "so the next start creates the file");
        Files.delete(layout.lists());
        links.save();
        assertEquals(List.of(SECRET), found());
        links.add(LATER);
        assertEquals(List.of(SECRET, LATER), found());
    }

    @Test
    void readOnlyCacheIsNotChanged() {
        DiskLinkStore readOnly = new DiskLinkStore(layout.readOnly());
        readOnly.create(List.of(SECRET));
        readOnly.add(OPEN);
        readOnly.save();
        assertFalse(links.isCreated());
    }

    private List<ConfirmedLink> found() {
        List<ConfirmedLink> found = new ArrayList<>();
        new DiskLinkStore(layout).forEach(found::add);
        return found;
    }

    private static ConfirmedLink link(String repository, char digit, boolean isPublic) {
        Digest digest = Digest.parse("sha256:" + String.valueOf(digit).repeat(64));
        return new ConfirmedLink(ImageReference.parse(repository + ":x").repository(), digest, isPublic);
    }
}
