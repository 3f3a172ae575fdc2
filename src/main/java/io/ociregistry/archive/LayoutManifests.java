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

/** Reads and verifies the manifests of an OCI layout, level by level. Used once. */
final class LayoutManifests {
    /** The limit for nested indexes; known tools nest at most two. */
    private static final int MAX_DEPTH = 8;

    /** The limit for the bytes of all manifests, with {@link #PER_MANIFEST} added for each. */
    private static final long MAX_BYTES = 256L << 20;

    private static final int PER_MANIFEST = 2048;

    private final ArchiveFiles files;
    private final int maxManifestBytes;
    private final Map<Digest, Manifest> manifests = new HashMap<>();
    private long bytesLeft = MAX_BYTES;

    LayoutManifests(ArchiveFiles files, int maxManifestBytes) {
        this.files = files;
        this.maxManifestBytes = maxManifestBytes;
    }

    /** Returns all manifests of the archive that are reachable from the roots. */
    Map<Digest, Manifest> read(Collection<Descriptor> roots) throws ArchiveException {
        Collection<Descriptor> level = roots;
        for (int depth = 0; !level.isEmpty(); depth++) {
            if (depth == MAX_DEPTH) {
                throw new ArchiveException(
                        files.path(),
                        OciLayout.entryName(level.iterator().next().digest()),
                        "more than " + MAX_DEPTH + " indexes are nested");
            }
            level = readLevel(level);
        }
        return manifests;
    }

    private Collection<Descriptor> readLevel(Collection<Descriptor> level) throws ArchiveException {
        Map<String, Descriptor> wanted = new LinkedHashMap<>();
        for (Descriptor descriptor : level) {
            String entry = OciLayout.entryName(descriptor.digest());
            boolean isNew = !manifests.containsKey(descriptor.digest());
            if (isNew && canBeManifest(descriptor.mediaType()) && files.has(entry)) {
                reserve(entry);
                wanted.put(entry, descriptor);
            }
        }
        Map<Digest, Descriptor> children = new LinkedHashMap<>();
        Map<String, byte[]> read = files.readFully(wanted.keySet(), maxManifestBytes);
        for (var each : wanted.entrySet()) {
            Descriptor descriptor = each.getValue();
            byte[] bytes = read.getOrDefault(each.getKey(), new byte[0]);
            Manifest manifest = parse(each.getKey(), descriptor, bytes);
            manifests.put(descriptor.digest(), manifest);
            manifest.children().forEach(child -> children.put(child.digest(), child));
        }
        return List.copyOf(children.values());
    }

    /** Build caches are indexes that list layers, which are not manifests. */
    private static boolean canBeManifest(MediaType type) {
        return type.isGeneric() || type.canBeManifest();
    }

    private void reserve(String entry) throws ArchiveException {
        bytesLeft -= PER_MANIFEST + files.size(entry).orElse(0);
        if (bytesLeft < 0) {
            throw new ArchiveException(
                    files.path(),
                    "its manifests exceed the limit of " + (MAX_BYTES >> 20) + " MiB; split it into several archives");
        }
    }

    private Manifest parse(String entry, Descriptor descriptor, byte[] bytes) throws ArchiveException {
        if (!descriptor.digest().matches(bytes)) {
            throw new ArchiveException(
                    files.path(),
                    entry,
                    "its name has another digest than its content, "
                            + Digest.of(descriptor.digest().algorithm(), bytes));
        }
        try {
            return Manifest.parse(bytes, descriptor.mediaType());
        } catch (RegistryException e) {
            throw new ArchiveException(files.path(), entry, e.getMessage());
        }
    }
}
