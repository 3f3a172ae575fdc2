package io.ociregistry.archive;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/** Names of the entries of an archive, which are paths from its root: {@code ./a//b} is {@code a/b}. */
final class SafePaths {
    private SafePaths() {}

    /**
     * The one way to write a name.
     *
     * @throws ArchiveException if it leads out of the archive
     */
    static String plain(Path archive, String name) throws ArchiveException {
        return resolve(archive, "", name);
    }

    /** Where a symbolic link leads to. */
    static String target(Path archive, String link, String target) throws ArchiveException {
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
            throw new ArchiveException(archive, path, "it leads out of the archive, so nothing of that is taken");
        }
        return String.join("/", segments);
    }
}
