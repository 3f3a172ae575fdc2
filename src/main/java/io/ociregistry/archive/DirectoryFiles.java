package io.ociregistry.archive;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;

/** An archive in a directory. Its content is not trusted: a link that leads out of the directory counts as missing. */
record DirectoryFiles(Path path) implements ArchiveFiles {
    @Override
    public OptionalLong size(String name) {
        try {
            Optional<Path> file = find(name);
            return file.isPresent() ? OptionalLong.of(Files.size(file.get())) : OptionalLong.empty();
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }

    @Override
    public String resolveLinks(String name) {
        return name;
    }

    @Override
    public void read(Collection<String> names, ContentConsumer taker) throws IOException {
        for (String name : new TreeSet<>(names)) {
            Optional<Path> file = find(name);
            if (file.isPresent()) {
                try (InputStream content = open(name, file.get())) {
                    taker.accept(name, content);
                }
            }
        }
    }

    private InputStream open(String name, Path file) throws ArchiveException {
        try {
            return Files.newInputStream(file);
        } catch (IOException e) {
            throw new ArchiveException(path, name, "it cannot be read: " + TarReader.reason(e));
        }
    }

    private Optional<Path> find(String name) {
        try {
            Path real = path.resolve(SafePaths.normalize(path, name)).toRealPath();
            return real.startsWith(path.toRealPath()) && Files.isRegularFile(real)
                    ? Optional.of(real)
                    : Optional.empty();
        } catch (IOException | InvalidPathException e) {
            return Optional.empty();
        }
    }
}
