package io.ociregistry.registry.load.list;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Expands a comma-separated list of paths and patterns to files.
 *
 * <p>Patterns are expanded here, because shells do not expand a pattern after a comma or an equals sign.
 */
final class ImageFiles {
    private static final Pattern GLOB = Pattern.compile("[*?\\[]");

    private ImageFiles() {}

    /** Opens a file that the list names. */
    interface Opener {
        ImageFile open(Path path) throws IOException;
    }

    /**
     * Returns all files, each once; the files of one pattern are sorted by name.
     *
     * <p>A pattern may have {@code *}, {@code ?} and {@code [a-z]} in any part of its path. It does not match hidden
     * files. If a file with exactly the name of the pattern exists, the name means this file.
     *
     * @throws IOException if a file does not exist, a pattern matches no file, or a file has no kind that can be
     *     loaded; the message names it
     */
    static List<ImageFile> of(String list, Opener opener) throws IOException {
        Set<Path> paths = new LinkedHashSet<>();
        for (String pattern : list.split(",", -1)) {
            if (pattern.isBlank()) {
                throw new IOException("'" + list + "' has an empty file name between its commas");
            }
            paths.addAll(paths(pattern.strip()));
        }
        List<ImageFile> files = new ArrayList<>();
        for (Path path : paths) {
            files.add(file(path, opener));
        }
        return List.copyOf(files);
    }

    private static ImageFile file(Path path, Opener opener) throws IOException {
        try {
            return opener.open(path);
        } catch (AccessDeniedException e) {
            throw new AccessDeniedException(path.toString(), null, "this user may not read it");
        }
    }

    private static List<Path> paths(String pattern) throws IOException {
        try {
            return expanded(pattern);
        } catch (InvalidPathException | PatternSyntaxException | DirectoryIteratorException e) {
            throw new IOException("'" + pattern + "' can't be expanded: " + e.getMessage(), e);
        }
    }

    private static List<Path> expanded(String pattern) throws IOException {
        Path literal = Path.of(pattern);
        if (Files.exists(literal)) {
            return List.of(literal);
        }
        if (!GLOB.matcher(pattern).find()) {
            throw new NoSuchFileException(pattern, null, "there is no such file");
        }
        List<Path> found = List.of(literal.isAbsolute() ? literal.getRoot() : Path.of(""));
        for (Path part : literal) {
            found = matching(found, part.toString());
        }
        if (found.isEmpty()) {
            throw new NoSuchFileException(pattern, null, "no file matches this pattern");
        }
        return found;
    }

    private static List<Path> matching(List<Path> directories, String part) throws IOException {
        List<Path> found = new ArrayList<>();
        for (Path directory : directories) {
            Path literal = directory.resolve(part);
            if (Files.exists(literal)) {
                found.add(literal);
            } else if (GLOB.matcher(part).find() && Files.isDirectory(directory.resolve(""))) {
                found.addAll(glob(directory, part));
            }
        }
        return found;
    }

    private static List<Path> glob(Path directory, String part) throws IOException {
        // Braces and backslashes are special in Java globs, but not in shell patterns.
        String pattern = part.replaceAll("[{}\\\\]", "\\\\$0");
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, pattern)) {
            for (Path entry : entries) {
                if (part.startsWith(".") || !String.valueOf(entry.getFileName()).startsWith(".")) {
                    found.add(entry);
                }
            }
        }
        found.sort(null);
        return found;
    }
}
