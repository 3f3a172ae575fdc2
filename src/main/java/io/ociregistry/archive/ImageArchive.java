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
 * The images in an OCI layout, a directory or a tar, or in what {@code docker save} wrote, each plain or compressed by gzip or zstd.
 *
 * <p>Nobody has to trust an archive: nothing is unpacked, manifests are verified before they are told, and what is read is bounded, whatever the
 * archive says of itself. Blobs are handed over unverified. What is wrong with it as a whole is one {@link ArchiveException}.
 */
public final class ImageArchive {
    private final ArchiveFiles files;
    private final ArchiveContents contents;

    private ImageArchive(ArchiveFiles files, ArchiveContents contents) {
        this.files = files;
        this.contents = contents;
    }

    /** Takes a blob; what it leaves of it is skipped. */
    public interface BlobTaker {
        void take(Digest digest, InputStream content) throws IOException;
    }

    /**
     * Reads what stands in an archive, but for blobs.
     *
     * @param longestManifest bytes that a manifest may have
     * @throws ArchiveException if it is none, or broken, or empty
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
                        + ", so it is no archive of images; expected what `docker save`, `ctr images export`,"
                        + " `skopeo copy ... oci-archive:` or `ociregistry export` writes");
    }

    /** What it lists. */
    public List<ArchivedImage> images() {
        return contents.images();
    }

    /** What it lists, but by something that is no digest known here; quoted. */
    public List<String> unreadable() {
        return contents.unreadable();
    }

    /** A manifest that is in it and can be reached from its images. */
    public Optional<Manifest> manifest(Digest digest) {
        return Optional.ofNullable(contents.manifests().get(digest));
    }

    /** True if it has something of that name and of the size that is told. */
    public boolean has(Descriptor blob) {
        OptionalLong size = files.size(contents.entries().apply(blob.digest()));
        return size.isPresent() && (blob.size() < 0 || size.getAsLong() == blob.size());
    }

    /** Manifests that are not in it since they are known where it goes, as its maker says. */
    public Set<Digest> leftOut() {
        return contents.leftOut();
    }

    /** True if its manifests were made anew, since the archive has none: then they have other digests than upstream. */
    public boolean isRebuilt() {
        return contents.isRebuilt();
    }

    /**
     * Hands over blobs, in whatever order costs least; those that are not there are left out.
     *
     * @throws ArchiveException if the archive is broken
     * @throws IOException what {@code taker} throws
     */
    public void read(Collection<Digest> blobs, BlobTaker taker) throws IOException {
        Map<String, Digest> wanted = new HashMap<>();
        blobs.forEach(digest -> wanted.put(files.real(contents.entries().apply(digest)), digest));
        files.read(wanted.keySet(), (name, content) -> taker.take(Objects.requireNonNull(wanted.get(name)), content));
    }
}
