package io.ociregistry.registry.archives;

import io.ociregistry.archive.LayoutListing;
import io.ociregistry.archive.LayoutWriter;
import io.ociregistry.common.DurableRename;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Tag;
import io.ociregistry.store.blob.BlobStore;
import io.ociregistry.store.manifest.ManifestStore;
import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/** What an export consists of, ready to be written. */
public final class ExportPlan {
    private static final String PARTIAL = ".partial";
    private static final int BUFFER = 1 << 18;

    private final ManifestStore records;
    private final BlobStore blobs;
    private final Set<Digest> have;
    private final ImageContents all;
    /** By the SHA-256 digests of their manifests. */
    private final Map<Digest, SortedSet<ImageReference>> listed;

    private final List<String> problems;

    ExportPlan(ManifestStore records, BlobStore blobs, Set<Digest> have, ExportSelection chosen) {
        this.records = records;
        this.blobs = blobs;
        this.have = have;
        this.all = chosen.all();
        this.listed = chosen.listed();
        this.problems = chosen.problems();
    }

    /** What is left out though it was asked for, and why; the export is right without it. */
    public List<String> problems() {
        return problems;
    }

    /** How many names it has. */
    public int names() {
        return listed.values().stream().mapToInt(Set::size).sum();
    }

    /** How many blobs are written. */
    public int blobs() {
        return (int) all.blobs().keySet().stream().filter(this::isWritten).count();
    }

    /** Bytes of the blobs that are written. */
    public long bytes() {
        return all.blobs().entrySet().stream()
                .filter(blob -> isWritten(blob.getKey()))
                .mapToLong(Map.Entry::getValue)
                .sum();
    }

    private boolean isWritten(Digest digest) {
        return !have.contains(digest);
    }

    /** An index always: it leads to images that may not be there yet. */
    private boolean isWritten(Digest digest, Manifest manifest) {
        return isWritten(digest) || !manifest.children().isEmpty();
    }

    /**
     * Writes it into a file that is there when all of it is, and not before; until then it is beside it, as {@code FILE.partial}. What is there
     * already and no file, as a device or a pipe, is written to and stays what it is.
     *
     * @throws IOException as {@link #writeTo(OutputStream)} does, and for a directory
     */
    public void writeTo(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new IOException("it is a directory; name a file in it");
        }
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            writeTo(new BufferedOutputStream(Files.newOutputStream(file, StandardOpenOption.WRITE), BUFFER));
            return;
        }
        // Of a link that leads to a file the file is meant.
        Path target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
        Path aside = target.resolveSibling(target.getFileName() + PARTIAL);
        try {
            try (FileChannel channel = FileChannel.open(
                    aside, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
                writeTo(new BufferedOutputStream(unclosed(channel), BUFFER));
                channel.force(true);
            }
            DurableRename.publish(aside, target);
        } finally {
            Files.deleteIfExists(aside);
        }
    }

    /** It is forced before it is closed. */
    private static OutputStream unclosed(FileChannel channel) {
        return new FilterOutputStream(Channels.newOutputStream(channel)) {
            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                out.write(bytes, offset, length);
            }

            @Override
            public void close() {
                // See above.
            }
        };
    }

    /**
     * Writes it as a tar; of one cache, always the same bytes. Closes the stream.
     *
     * @throws IOException if that fails, or if something of the cache is not what its name says, or gone; the message names it
     */
    public void writeTo(OutputStream out) throws IOException {
        try (LayoutWriter writer = new LayoutWriter(out, listing())) {
            for (Map.Entry<Digest, Digest> each : all.manifests().entrySet()) {
                Manifest manifest = manifest(each.getValue());
                if (isWritten(each.getKey(), manifest)) {
                    writer.manifest(each.getKey(), manifest);
                }
            }
            for (Map.Entry<Digest, Long> each : all.blobs().entrySet()) {
                if (isWritten(each.getKey())) {
                    try (InputStream content = blobs.stream(each.getKey())) {
                        writer.blob(each.getKey(), each.getValue(), content);
                    }
                }
            }
            writer.finish();
        }
    }

    private LayoutListing listing() throws IOException {
        LayoutListing listing = new LayoutListing();
        List<Digest> sorted = listed.keySet().stream()
                .sorted(Comparator.comparing(this::position))
                .toList();
        for (Digest digest : sorted) {
            Manifest manifest = manifest(digest);
            Set<ImageReference> names = listed.getOrDefault(digest, new TreeSet<>(ImageContents.BY_NAME));
            listing.add(manifest, names);
            List<ImageReference> tags = names.stream()
                    .filter(name -> name.reference() instanceof Tag)
                    .toList();
            if (!tags.isEmpty()) {
                forDocker(manifest).ifPresent(image -> listing.addForDocker(image, tags));
            }
        }
        for (Map.Entry<Digest, Digest> each : all.manifests().entrySet()) {
            if (!isWritten(each.getKey(), manifest(each.getValue()))) {
                listing.leaveOut(each.getKey());
            }
        }
        return listing;
    }

    private String position(Digest digest) {
        SortedSet<ImageReference> names = listed.getOrDefault(digest, new TreeSet<>(ImageContents.BY_NAME));
        return names.isEmpty() ? "~" + digest : names.first() + " " + digest;
    }

    /** The one image that docker, which knows no indexes there, can mean by a name; empty if there are several, or not all of it is written. */
    private Optional<Manifest> forDocker(Manifest root) {
        List<Manifest> images = root.children().isEmpty()
                ? List.of(root)
                : root.children().stream()
                        .flatMap(child -> Optional.ofNullable(all.manifests().get(child.digest())).stream())
                        .flatMap(child -> records.find(child).stream())
                        .filter(child -> !child.isAttestation())
                        .toList();
        Set<Digest> written = new HashSet<>(all.blobs().keySet());
        written.removeAll(have);
        return images.size() == 1
                ? Optional.of(images.get(0)).filter(LayoutListing::isForDocker).filter(image -> image.blobs().stream()
                        .allMatch(blob -> written.contains(blob.digest())))
                : Optional.empty();
    }

    private Manifest manifest(Digest digest) throws IOException {
        return records.find(digest)
                .orElseThrow(() -> new IOException("manifest " + digest + " has just gone from the cache; try again"));
    }
}
