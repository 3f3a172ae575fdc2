package io.ociregistry.registry.archives;

import io.ociregistry.archive.LayoutListing;
import io.ociregistry.archive.LayoutWriter;
import io.ociregistry.common.DurableRename;
import io.ociregistry.common.ProgressListener;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Tag;
import io.ociregistry.store.BlobStore;
import io.ociregistry.store.ManifestStore;
import java.io.BufferedOutputStream;
import java.io.FilterInputStream;
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
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;

/** The contents of an export, ready to be written. Used by one thread. */
public final class ExportPlan {
    private static final String PARTIAL = ".partial";
    private static final int BUFFER_BYTES = 1 << 18;

    private final ManifestStore records;
    private final BlobStore blobs;
    private final Set<Digest> have;
    private final SortedMap<Digest, Digest> manifests;
    private final SortedMap<Digest, Long> sizes;
    /** The listed names, by the SHA-256 digests of their manifests. */
    private final Map<Digest, SortedSet<ImageReference>> listed;

    private final List<String> problems;
    private ProgressListener progress = ProgressListener.NONE;

    ExportPlan(ManifestStore records, BlobStore blobs, Set<Digest> have, ExportSelection chosen) {
        this.records = records;
        this.blobs = blobs;
        this.have = have;
        this.manifests = chosen.manifests();
        this.sizes = chosen.blobs();
        this.listed = chosen.listed();
        this.problems = chosen.problems();
    }

    /** The requested content that is left out, and the reasons; the export is valid without it. */
    public List<String> problems() {
        return problems;
    }

    public int nameCount() {
        return listed.values().stream().mapToInt(Set::size).sum();
    }

    /** The number of blobs to be written. */
    public int blobCount() {
        return (int) sizes.keySet().stream().filter(this::isWritten).count();
    }

    /** The bytes of the blobs to be written. */
    public long byteCount() {
        return sizes.entrySet().stream()
                .filter(blob -> isWritten(blob.getKey()))
                .mapToLong(Map.Entry::getValue)
                .sum();
    }

    /** Sets the listener that gets the bytes of the blobs that were written. */
    public void setProgress(ProgressListener listener) {
        progress = listener;
    }

    private boolean isWritten(Digest digest) {
        return !have.contains(digest);
    }

    /** An index is always written, because the images that it lists may be missing at the target. */
    private boolean isWritten(Digest digest, Manifest manifest) {
        return isWritten(digest) || !manifest.children().isEmpty();
    }

    /**
     * Writes the export to a file.
     *
     * <p>The export is written to {@code FILE.partial}, which replaces the file at the end. A device or a pipe is
     * written directly.
     *
     * @throws IOException for the reasons of {@link #writeTo(OutputStream)}, or if the path is a directory
     */
    public void writeTo(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new IOException("it is a directory; name a file in it");
        }
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            writeTo(new BufferedOutputStream(Files.newOutputStream(file, StandardOpenOption.WRITE), BUFFER_BYTES));
            return;
        }
        // A symbolic link to a file stays; the file that it points to is replaced.
        Path target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
        Path partial = target.resolveSibling(target.getFileName() + PARTIAL);
        try {
            try (FileChannel channel = FileChannel.open(
                    partial,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE)) {
                writeTo(new BufferedOutputStream(keepOpen(channel), BUFFER_BYTES));
                channel.force(true);
            }
            DurableRename.publish(partial, target);
        } finally {
            Files.deleteIfExists(partial);
        }
    }

    /** Keeps the channel open at the end of the tar, so that it can be forced before it is closed. */
    private static OutputStream keepOpen(FileChannel channel) {
        return new FilterOutputStream(Channels.newOutputStream(channel)) {
            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                out.write(bytes, offset, length);
            }

            @Override
            public void close() {
                // The caller closes the channel.
            }
        };
    }

    /**
     * Writes the export as a tar and closes the stream. The same content gives the same bytes.
     *
     * @throws IOException if the write fails, or if content of the cache is corrupt or was removed; the message names
     *     it
     */
    public void writeTo(OutputStream out) throws IOException {
        try (LayoutWriter writer = new LayoutWriter(out, listing())) {
            for (Map.Entry<Digest, Digest> each : manifests.entrySet()) {
                Manifest manifest = manifest(each.getValue());
                if (isWritten(each.getKey(), manifest)) {
                    writer.addManifest(each.getKey(), manifest);
                }
            }
            CountedReads reads = new CountedReads(byteCount());
            for (Map.Entry<Digest, Long> each : sizes.entrySet()) {
                if (isWritten(each.getKey())) {
                    try (InputStream content = reads.of(blobs.openStream(each.getKey()))) {
                        writer.addBlob(each.getKey(), each.getValue(), content);
                    }
                }
            }
            writer.finish();
        }
    }

    /** Reports the bytes that are read of several streams. */
    private final class CountedReads {
        private final long total;
        private long done;

        CountedReads(long total) {
            this.total = total;
        }

        InputStream of(InputStream content) {
            return new FilterInputStream(content) {
                @Override
                public int read(byte[] into, int offset, int length) throws IOException {
                    int count = super.read(into, offset, length);
                    done += Math.max(0, count);
                    progress.progressed(done, total);
                    return count;
                }
            };
        }
    }

    private LayoutListing listing() throws IOException {
        LayoutListing listing = new LayoutListing();
        List<Digest> sorted = listed.keySet().stream()
                .sorted(Comparator.comparing(this::sortKey))
                .toList();
        for (Digest digest : sorted) {
            Manifest manifest = manifest(digest);
            Set<ImageReference> names = listed.getOrDefault(digest, new TreeSet<>(ExportSelection.BY_NAME));
            listing.add(manifest, names);
            List<ImageReference> tags = names.stream()
                    .filter(name -> name.reference() instanceof Tag)
                    .toList();
            if (!tags.isEmpty()) {
                forDocker(manifest).ifPresent(image -> listing.addDockerImage(image, tags));
            }
        }
        for (Map.Entry<Digest, Digest> each : manifests.entrySet()) {
            if (!isWritten(each.getKey(), manifest(each.getValue()))) {
                listing.leaveOut(each.getKey());
            }
        }
        return listing;
    }

    private String sortKey(Digest digest) {
        SortedSet<ImageReference> names = listed.getOrDefault(digest, new TreeSet<>(ExportSelection.BY_NAME));
        return names.isEmpty() ? "~" + digest : names.first() + " " + digest;
    }

    /** The image for {@code docker load}, which supports no index; empty unless one image is written completely. */
    private Optional<Manifest> forDocker(Manifest root) {
        List<Manifest> images = root.children().isEmpty()
                ? List.of(root)
                : root.children().stream()
                        .flatMap(child -> Optional.ofNullable(manifests.get(child.digest())).stream())
                        .flatMap(child -> records.find(child).stream())
                        .filter(child -> !child.isAttestation())
                        .toList();
        Set<Digest> written = new HashSet<>(sizes.keySet());
        written.removeAll(have);
        return images.size() == 1
                ? Optional.of(images.get(0))
                        .filter(LayoutListing::isDockerLoadable)
                        .filter(image -> image.blobs().stream().allMatch(blob -> written.contains(blob.digest())))
                : Optional.empty();
    }

    private Manifest manifest(Digest digest) throws IOException {
        return records.find(digest)
                .orElseThrow(() ->
                        new IOException("manifest " + digest + " was removed from the cache; run the export again"));
    }
}
