package io.ociregistry.archive;

import com.fasterxml.jackson.databind.JsonNode;
import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Manifest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Reads an OCI layout (image specification, "Image Layout").
 *
 * <p>{@code index.json} lists the images; {@code blobs/} has manifests and blobs, each named by its digest. Docker 25
 * and later save this format together with the {@code manifest.json} of older versions.
 */
final class OciLayout {
    static final String BLOBS = "blobs/";
    static final String INDEX = "index.json";
    static final String LAYOUT_FILE = "oci-layout";

    private final ArchiveFiles files;
    private final Map<Digest, ArchivedNames> names = new LinkedHashMap<>();

    private OciLayout(ArchiveFiles files) {
        this.files = files;
    }

    /** Returns true if the archive has this format. */
    static boolean isIn(ArchiveFiles files) {
        return files.has(INDEX);
    }

    /** Returns the name of the entry with the content of that digest. */
    static String entryName(Digest digest) {
        return BLOBS + digest.algorithm() + "/" + digest.hex();
    }

    static ArchiveContents read(ArchiveFiles files, int longestManifest) throws ArchiveException {
        return new OciLayout(files).read(longestManifest);
    }

    private ArchiveContents read(int longestManifest) throws ArchiveException {
        LayoutIndex index = LayoutIndex.read(ArchiveJson.read(files, INDEX));
        List<Descriptor> roots =
                index.entries().stream().map(LayoutIndex.Entry::descriptor).toList();
        Map<Digest, Manifest> manifests = new LayoutManifests(files, longestManifest).read(roots);
        for (LayoutIndex.Entry entry : index.entries()) {
            add(entry);
            if (entry.names().isEmpty()) {
                addNamedChildren(entry.descriptor().digest(), manifests);
            }
        }
        addDockerTags(manifests);
        removeUnnamedChildren(manifests.values());
        List<ArchivedImage> images = new ArrayList<>();
        names.forEach((digest, known) -> images.add(known.toImage(digest)));
        return new ArchiveContents(images, index.unreadable(), manifests, OciLayout::entryName, index.leftOut(), false);
    }

    /** oras also lists the children of an index; a child without a name is not an image of its own. */
    private void removeUnnamedChildren(Collection<Manifest> manifests) {
        Set<Digest> children = manifests.stream()
                .flatMap(manifest -> manifest.children().stream())
                .map(Descriptor::digest)
                .collect(Collectors.toSet());
        names.entrySet().removeIf(entry -> entry.getValue().isUnnamed() && children.contains(entry.getKey()));
    }

    private void add(LayoutIndex.Entry entry) {
        names.computeIfAbsent(entry.descriptor().digest(), unused -> new ArchivedNames())
                .addAll(entry.names());
    }

    /** Adds the named children of an index without a name, because it may be only a list of images. */
    private void addNamedChildren(Digest digest, Map<Digest, Manifest> manifests) throws ArchiveException {
        Manifest manifest = manifests.get(digest);
        if (manifest == null || manifest.children().isEmpty()) {
            return;
        }
        JsonNode json = ArchiveJson.parse(files, entryName(digest), manifest.toByteArray());
        List<LayoutIndex.Entry> named = LayoutIndex.read(json).entries().stream()
                .filter(entry -> !entry.names().isEmpty())
                .toList();
        if (!named.isEmpty()) {
            names.remove(digest);
            named.forEach(this::add);
        }
    }

    /** Some tools write names only to {@code manifest.json}. */
    private void addDockerTags(Map<Digest, Manifest> manifests) throws ArchiveException {
        boolean isNameless = names.values().stream().anyMatch(ArchivedNames::isEmpty);
        if (!isNameless || !files.has(DockerSave.INDEX)) {
            return;
        }
        Map<String, Collection<String>> tags = new LinkedHashMap<>();
        DockerSave.images(files).forEach(image -> tags.put(image.config(), image.tags()));
        names.forEach((digest, known) -> {
            Manifest manifest = manifests.get(digest);
            if (known.isEmpty() && manifest != null) {
                manifest.blobs().forEach(blob -> known.addAll(tags.getOrDefault(entryName(blob.digest()), List.of())));
            }
        });
    }
}
