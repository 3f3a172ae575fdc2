package io.ociregistry.archive;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/** Normalizes the names of archive entries, which are paths relative to its root: {@code ./a//b} is {@code a/b}. */
final class SafePaths {
    private SafePaths() {}

    /**
     * Returns the normalized name.
     *
     * @throws ArchiveException if the name leads out of the archive
     */
    static String normalize(Path archive, String name) throws ArchiveException {
        return resolve(archive, "", name);
    }

    /** Returns the normalized name of the target of a symbolic link. */
    static String resolveLink(Path archive, String link, String target) throws ArchiveException {
        int slash = link.lastIndexOf('/');
        return resolve(archive, slash < 0 ? "" : link.substring(0, slash), target);
    }

    private static String resolve(Path archive, String directory, String path) throws ArchiveException {
        Deque<String> segments = new ArrayDeque<>();
        boolean leadsOut = path.startsWith("/") || path.indexOf('\0') >= 0;
        for (String segment : (directory + "/" + path).split("/", -1)) {
            if (segment.equals("..")) {
                leadsOut |= segments.pollLast() == null;
            } else if (!segment.isEmpty() && !segment.equals(".")) {
                segments.addLast(segment);
            }
        }
        if (leadsOut) {
            throw new ArchiveException(archive, path, "it leads out of the archive, so the archive was rejected");
        }
        return String.join("/", segments);
    }
}
