package io.ociregistry.archive;

import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Manifest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The images in an archive: an OCI layout (directory or tar) or a {@code docker save} tar. Not thread-safe.
 *
 * <p>A tar may be compressed with gzip or zstd. The archive is not trusted: nothing is unpacked, manifests are verified
 * before they are returned, and the data read into memory is bounded. Blobs are passed on unverified. If the archive as
 * a whole is invalid, {@link #open} throws one {@link ArchiveException}.
 */
public final class ImageArchive {
    private final ArchiveFiles files;
    private final ArchiveContents contents;

    private ImageArchive(ArchiveFiles files, ArchiveContents contents) {
        this.files = files;
        this.contents = contents;
    }

    /** Receives the content of a blob. The content that it does not read is skipped. */
    public interface BlobConsumer {
        void accept(Digest digest, InputStream content) throws IOException;
    }

    /**
     * Opens an archive and reads its manifests.
     *
     * @param longestManifest the limit for the bytes of one manifest
     * @throws ArchiveException if it is no archive of images, or is broken or empty
     */
    public static ImageArchive open(Path path, int longestManifest) throws ArchiveException {
        ArchiveFiles files = ArchiveFiles.open(path);
        ArchiveContents contents = read(files, longestManifest);
        if (contents.images().isEmpty() && contents.unreadable().isEmpty()) {
            throw new ArchiveException(path, "it lists no image");
        }
        return new ImageArchive(files, contents);
    }

    private static ArchiveContents read(ArchiveFiles files, int longestManifest) throws ArchiveException {
        if (OciLayout.isIn(files)) {
            return OciLayout.read(files, longestManifest);
        }
        if (DockerSave.isIn(files)) {
            return DockerSave.read(files, longestManifest);
        }
        throw new ArchiveException(
                files.path(),
                "it has neither " + OciLayout.INDEX + " nor " + DockerSave.INDEX
                        + ", so it is not an archive of images; give a file that `docker save`, `ctr images export`,"
                        + " `skopeo copy ... oci-archive:` or `ociregistry export` wrote");
    }

    public List<ArchivedImage> images() {
        return contents.images();
    }

    /** Returns the listed digests that are invalid or of an unknown algorithm, quoted. */
    public List<String> unreadable() {
        return contents.unreadable();
    }

    /** Returns a manifest that the archive contains and that is reachable from its images. */
    public Optional<Manifest> manifest(Digest digest) {
        return Optional.ofNullable(contents.manifests().get(digest));
    }

    /** Returns true if the archive has an entry for that digest with the descriptor's size, if that is known. */
    public boolean has(Descriptor blob) {
        OptionalLong size = files.size(contents.entryName().apply(blob.digest()));
        return size.isPresent() && (blob.size().isEmpty() || size.equals(blob.size()));
    }

    /** Returns the manifests that the archive omits because, according to its creator, the receiver has them. */
    public Set<Digest> leftOut() {
        return contents.leftOut();
    }

    /** Returns true if the manifests were built, because the archive has none; their digests differ from upstream. */
    public boolean isRebuilt() {
        return contents.isRebuilt();
    }

    /**
     * Reads blobs in the cheapest order. Skips blobs that the archive does not contain.
     *
     * @throws ArchiveException if the archive is broken
     * @throws IOException thrown by {@code taker}
     */
    public void read(Collection<Digest> blobs, BlobConsumer taker) throws IOException {
        Map<String, Digest> wanted = new HashMap<>();
        blobs.forEach(
                digest -> wanted.put(files.resolveLinks(contents.entryName().apply(digest)), digest));
        files.read(wanted.keySet(), (name, content) -> taker.accept(Objects.requireNonNull(wanted.get(name)), content));
    }
}
