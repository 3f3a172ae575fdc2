package io.ociregistry.hosts;

import io.ociregistry.common.DurableRename;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The directory of containerd ({@code config_path}) with a {@code hosts.toml} for each registry.
 *
 * <p>Replaces and removes only files that this program wrote and that have not changed since. All files are checked
 * before the first
 * one is written or removed. A crash leaves each file either as it was or complete.
 */
public record HostsDirectory(Path root) {
    private static final String FILE = "hosts.toml";
    private static final String BACKUP = "hosts.toml.bak";

    /** A file that this program did not write, or that was changed; the message says what to do. */
    public static final class ForeignFileException extends IOException {
        private static final long serialVersionUID = 1L;

        ForeignFileException(String message) {
            super(message);
        }
    }

    /**
     * Writes the files, and keeps the previous version of a file that changes. Returns a line for each file.
     *
     * @throws ForeignFileException if a file is not of this program; then no file is written
     */
    public List<String> write(List<HostsToml> files) throws IOException {
        for (var file : files) {
            var directory = root.resolve(file.directory());
            checkOwn(directory.resolve(FILE));
            checkOwn(directory.resolve(BACKUP));
            checkWithoutCertificates(directory);
        }
        var lines = new ArrayList<String>();
        for (var file : files) {
            lines.add(write(root.resolve(file.directory()), file.text()));
        }
        return lines;
    }

    /**
     * Removes the files of these registries, their previous versions, and directories that become empty. Returns a
     * line for each file.
     *
     * @param registries the names of directories
     * @throws ForeignFileException if a file is not of this program; then no file is removed
     */
    public List<String> remove(List<String> registries) throws IOException {
        var directories = registries.stream().map(root::resolve).toList();
        for (var directory : directories) {
            checkOwn(directory.resolve(FILE));
        }
        var lines = new ArrayList<String>();
        for (var directory : directories) {
            lines.add(remove(directory));
        }
        return lines;
    }

    /** Returns the names of the directories with a file that has the first line of this program. */
    public List<String> registries() throws IOException {
        if (!Files.isDirectory(root)) {
            throw new FileNotFoundException("there is no such directory");
        }
        try (Stream<Path> directories = Files.list(root)) {
            var names = new ArrayList<String>();
            for (var directory : directories.sorted().toList()) {
                var file = directory.resolve(FILE);
                if (Files.isRegularFile(file) && HostsToml.isMarked(read(file))) {
                    names.add(directory.getFileName().toString());
                }
            }
            return names;
        }
    }

    private static String write(Path directory, String text) throws IOException {
        var file = directory.resolve(FILE);
        boolean replaces = Files.exists(file);
        if (replaces && read(file).equals(text)) {
            return "unchanged: " + file;
        }
        Files.createDirectories(directory);
        var temporary = directory.resolve(FILE + ".tmp");
        Files.writeString(temporary, text);
        try (var channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        if (replaces) {
            Files.copy(file, directory.resolve(BACKUP), StandardCopyOption.REPLACE_EXISTING);
        }
        DurableRename.publish(temporary, file);
        return replaces ? "replaced: " + file + "; the previous version is " + BACKUP : "written: " + file;
    }

    private static String remove(Path directory) throws IOException {
        var file = directory.resolve(FILE);
        boolean removed = Files.deleteIfExists(file);
        var backup = directory.resolve(BACKUP);
        if (Files.exists(backup) && HostsToml.isUnchanged(read(backup))) {
            Files.delete(backup);
        }
        try {
            // containerd does not look into _default for a registry with a directory, even if that is empty.
            Files.deleteIfExists(directory);
        } catch (DirectoryNotEmptyException e) {
            return "removed: " + file + "; other files are left in its directory";
        }
        return removed ? "removed: " + file : "nothing to remove: " + file;
    }

    private static void checkOwn(Path file) throws IOException {
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        var text = read(file);
        if (!HostsToml.isMarked(text)) {
            throw new ForeignFileException(file + " was not written by ociregistry; merge it by hand, or move it away");
        }
        if (!HostsToml.isUnchanged(text)) {
            throw new ForeignFileException(
                    file + " was changed after ociregistry wrote it; change it by hand, or move it away");
        }
    }

    /** Without a hosts.toml, containerd uses files by Docker's rule; with one, it ignores them. */
    private static void checkWithoutCertificates(Path directory) throws IOException {
        if (!Files.isDirectory(directory) || Files.exists(directory.resolve(FILE))) {
            return;
        }
        try (Stream<Path> files = Files.list(directory)) {
            var certificate = files.filter(file -> file.toString().matches(".*\\.(crt|cert|key)"))
                    .findFirst();
            if (certificate.isPresent()) {
                throw new ForeignFileException("containerd would ignore " + certificate.get()
                        + " beside a hosts.toml; write the hosts.toml by hand, or move the file away");
            }
        }
    }

    private static String read(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }
}
