package io.ociregistry.archive;

import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.MediaType;
import io.ociregistry.oci.RegistryException;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads the manifests of an OCI layout, level by level, each verified. */
final class LayoutManifests {
    /** An index of indexes of images is all that anybody has seen. */
    private static final int DEEPEST = 8;

    /** Bytes of all manifests, with something for each. */
    private static final long MOST_BYTES = 256L << 20;

    private static final int PER_MANIFEST = 2048;

    private final ArchiveFiles files;
    private final int longest;
    private final Map<Digest, Manifest> manifests = new HashMap<>();
    private long bytesLeft = MOST_BYTES;

    /**
     * The manifests of an archive.
     *
     * @param longest bytes that one may have
     */
    LayoutManifests(ArchiveFiles files, int longest) {
        this.files = files;
        this.longest = longest;
    }

    /** All that can be reached from there and is in the archive. */
    Map<Digest, Manifest> read(Collection<Descriptor> roots) throws ArchiveException {
        Collection<Descriptor> level = roots;
        for (int depth = 0; !level.isEmpty(); depth++) {
            if (depth == DEEPEST) {
                throw new ArchiveException(
                        files.path(),
                        OciLayout.entry(level.iterator().next().digest()),
                        "more than " + DEEPEST + " indexes are one in another");
            }
            level = readLevel(level);
        }
        return manifests;
    }

    private Collection<Descriptor> readLevel(Collection<Descriptor> level) throws ArchiveException {
        Map<String, Descriptor> wanted = new LinkedHashMap<>();
        for (Descriptor descriptor : level) {
            String entry = OciLayout.entry(descriptor.digest());
            boolean isNews = !manifests.containsKey(descriptor.digest());
            if (isNews && canBeManifest(descriptor.mediaType()) && files.has(entry)) {
                take(entry);
                wanted.put(entry, descriptor);
            }
        }
        Map<Digest, Descriptor> children = new LinkedHashMap<>();
        Map<String, byte[]> read = files.readWhole(wanted.keySet(), longest);
        for (var one : wanted.entrySet()) {
            Descriptor descriptor = one.getValue();
            byte[] bytes = read.getOrDefault(one.getKey(), new byte[0]);
            Manifest manifest = parse(one.getKey(), descriptor, bytes);
            manifests.put(descriptor.digest(), manifest);
            manifest.children().forEach(child -> children.put(child.digest(), child));
        }
        return List.copyOf(children.values());
    }

    /** Indexes of what build tools cache list layers; those are no manifests. */
    private static boolean canBeManifest(MediaType type) {
        return type.isGeneric() || type.canBeManifest();
    }

    private void take(String entry) throws ArchiveException {
        bytesLeft -= PER_MANIFEST + files.size(entry).orElse(0);
        if (bytesLeft < 0) {
            throw new ArchiveException(
                    files.path(),
                    "its manifests do not fit into " + (MOST_BYTES >> 20) + " MiB; make several archives of it");
        }
    }

    private Manifest parse(String entry, Descriptor descriptor, byte[] bytes) throws ArchiveException {
        if (!descriptor.digest().matches(bytes)) {
            throw new ArchiveException(
                    files.path(),
                    entry,
                    "its content is not what its name says, but "
                            + Digest.of(descriptor.digest().algorithm(), bytes));
        }
        try {
            return Manifest.parse(bytes, descriptor.mediaType());
        } catch (RegistryException e) {
            throw new ArchiveException(files.path(), entry, e.getMessage());
        }
    }
}
