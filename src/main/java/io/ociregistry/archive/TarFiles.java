package io.ociregistry.archive;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;

/**
 * An archive in a tar file.
 *
 * <p>The entries are listed when the file is opened. Each read goes through the file again: it seeks in a plain tar,
 * and decompresses a compressed one as far as necessary, which costs time but neither memory nor disk.
 *
 * <p>If several entries under {@code blobs/} have the same name, the first one is used, because the name determines the
 * content. Other duplicates are rejected.
 */
final class TarFiles implements ArchiveFiles {
    /** The limit for the characters of all names, with {@link #PER_NAME} added for each: about 100 MiB of memory. */
    private static final long MAX_NAME_CHARS = 48L << 20;

    private static final int PER_NAME = 64;
    private static final int MAX_LINKS = 8;

    private final Path path;
    private final Map<String, Long> sizes = new HashMap<>();
    private final Map<String, String> links = new HashMap<>();
    private long namesLeft = MAX_NAME_CHARS;

    private TarFiles(Path path) {
        this.path = path;
    }

    static TarFiles open(Path path) throws ArchiveException {
        TarFiles files = new TarFiles(path);
        try (TarReader tar = TarReader.open(path)) {
            for (Optional<TarArchiveEntry> entry = tar.next(); entry.isPresent(); entry = tar.next()) {
                files.add(entry.get());
            }
        }
        return files;
    }

    private void add(TarArchiveEntry entry) throws ArchiveException {
        String name = SafePaths.normalize(path, entry.getName());
        if (entry.isDirectory() || entry.isGlobalPaxHeader()) {
            return;
        }
        if (entry.isSymbolicLink()) {
            put(links, name, SafePaths.resolveLink(path, name, entry.getLinkName()));
        } else if (entry.isLink()) {
            put(links, name, SafePaths.normalize(path, entry.getLinkName()));
        } else if (entry.isCharacterDevice() || entry.isBlockDevice() || entry.isFIFO()) {
            throw new ArchiveException(
                    path, name, "it is a device or a pipe, which is not allowed in an image archive");
        } else {
            put(sizes, name, entry.getSize());
        }
    }

    private <T> void put(Map<String, T> known, String name, T value) throws ArchiveException {
        namesLeft -= name.length() + PER_NAME + (value instanceof String target ? target.length() : 0);
        if (namesLeft < 0) {
            throw new ArchiveException(path, name, "the archive has too many entries, or their names are too long");
        }
        boolean isKnown = sizes.containsKey(name) || links.containsKey(name);
        if (isKnown && !name.startsWith(OciLayout.BLOBS)) {
            throw new ArchiveException(path, name, "the archive has two entries with this name");
        }
        if (!isKnown) {
            known.put(name, value);
        }
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public OptionalLong size(String name) {
        Long size = sizes.get(resolveLinks(name));
        return size == null ? OptionalLong.empty() : OptionalLong.of(size);
    }

    @Override
    public String resolveLinks(String name) {
        String target = name;
        for (int i = 0; i < MAX_LINKS && links.containsKey(target); i++) {
            target = links.getOrDefault(target, target);
        }
        return target;
    }

    @Override
    public void read(Collection<String> names, ContentConsumer taker) throws IOException {
        Set<String> wanted = new HashSet<>(names);
        wanted.retainAll(sizes.keySet());
        try (TarReader tar = TarReader.open(path)) {
            while (!wanted.isEmpty()) {
                TarArchiveEntry entry =
                        tar.next().orElseThrow(() -> new ArchiveException(path, "it changed while it was being read"));
                String name = SafePaths.normalize(path, entry.getName());
                if (isContent(entry) && wanted.remove(name)) {
                    taker.accept(name, tar.content());
                }
            }
        }
    }

    private static boolean isContent(TarArchiveEntry entry) {
        return entry.isFile() && !entry.isLink() && !entry.isSymbolicLink();
    }
}
