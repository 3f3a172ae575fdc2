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

/** The files that a comma-separated list of paths and patterns means. Shells don't expand a pattern behind a comma or an equals sign. */
public final class ImageFiles {
    private static final Pattern GLOB = Pattern.compile("[*?\\[]");

    private ImageFiles() {}

    /**
     * All of them, each once, those of one pattern by name. A pattern ({@code *}, {@code ?} and {@code [a-z]}, in any part of a path) leaves out
     * what is hidden, and a file that has exactly that name goes before it.
     *
     * @throws IOException if one is not there, if a pattern matches nothing, or if a file is nothing that can be loaded; the message says which
     */
    public static List<ImageFile> of(String list) throws IOException {
        Set<Path> paths = new LinkedHashSet<>();
        for (String item : list.split(",", -1)) {
            if (item.isBlank()) {
                throw new IOException("'" + list + "' names an empty file between its commas");
            }
            paths.addAll(paths(item.strip()));
        }
        List<ImageFile> files = new ArrayList<>();
        for (Path path : paths) {
            files.add(file(path));
        }
        return List.copyOf(files);
    }

    private static ImageFile file(Path path) throws IOException {
        try {
            return ImageFile.of(path);
        } catch (AccessDeniedException e) {
            throw new AccessDeniedException(path.toString(), null, "this user may not read it");
        }
    }

    private static List<Path> paths(String item) throws IOException {
        try {
            return expanded(item);
        } catch (InvalidPathException | PatternSyntaxException | DirectoryIteratorException e) {
            throw new IOException("'" + item + "' can't be looked for: " + e.getMessage(), e);
        }
    }

    private static List<Path> expanded(String item) throws IOException {
        Path literal = Path.of(item);
        if (Files.exists(literal)) {
            return List.of(literal);
        }
        if (!GLOB.matcher(item).find()) {
            throw new NoSuchFileException(item, null, "there is no such file");
        }
        List<Path> found = List.of(literal.isAbsolute() ? literal.getRoot() : Path.of(""));
        for (Path part : literal) {
            found = matching(found, part.toString());
        }
        if (found.isEmpty()) {
            throw new NoSuchFileException(item, null, "no file matches this pattern");
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
        // What the shell does not have as a pattern is not to be one here.
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
