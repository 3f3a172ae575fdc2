package io.ociregistry.common;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The owner of a directory tree, and the means of this process to give its new files to that owner: root can change the
 * owner of a file, other users can't.
 *
 * <p>The directories are read once, by {@link #of}. On file systems without POSIX owners, and on systems that do not
 * show the user id of this process, files are left as they are. Immutable.
 */
public final class FileOwner {
    /** Changes no file: for trees that are only read, and for file systems without owners. */
    public static final FileOwner UNKNOWN = new FileOwner(null, Chown.NOT_NEEDED);

    private static final int SUPERUSER = 0;
    private static final Set<PosixFilePermission> OWNER_ALL = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> EXECUTE = PosixFilePermissions.fromString("--x--x--x");
    private static final Set<PosixFilePermission> OWNER_WRITES = PosixFilePermissions.fromString("rw-------");

    /** How new files of this process get their owner. */
    private enum Chown {
        NOT_NEEDED,
        POSSIBLE,
        IMPOSSIBLE
    }

    private final @Nullable Attributes directory;
    private final Chown chown;

    private FileOwner(@Nullable Attributes directory, Chown chown) {
        this.directory = directory;
        this.chown = chown;
    }

    /**
     * Returns the owner of the first directory that does not belong to root; if all belong to root, of the first one.
     * Directories of root are skipped because the mount point of a volume often belongs to root, whichever user writes
     * to the volume. If this process is another user, creates and deletes a temporary file in the first directory to
     * find out whether its owner can be changed.
     */
    public static FileOwner of(List<Path> directories) {
        Attributes owner = null;
        for (Path each : directories) {
            Optional<Attributes> attributes = Attributes.of(each);
            if (attributes.isPresent() && (owner == null || owner.uid == SUPERUSER)) {
                owner = owner == null || attributes.get().uid != SUPERUSER ? attributes.get() : owner;
            }
        }
        return owner == null ? UNKNOWN : new FileOwner(owner, chown(owner, directories.get(0)));
    }

    private static Chown chown(Attributes owner, Path directory) {
        var process = ProcessUser.current();
        if (process.uid().isEmpty() || process.uid().getAsInt() == owner.uid) {
            return Chown.NOT_NEEDED;
        }
        Path probe = null;
        try {
            probe = Files.createTempFile(directory, ".owner", ".tmp");
            // On some file systems every file belongs to the user that the mount options name.
            if (owner.isOwnerOf(probe)) {
                return Chown.NOT_NEEDED;
            }
            view(probe).setOwner(owner.user);
            return Chown.POSSIBLE;
        } catch (IOException e) {
            return Chown.IMPOSSIBLE;
        } finally {
            delete(probe);
        }
    }

    private static void delete(@Nullable Path probe) {
        try {
            if (probe != null) {
                Files.deleteIfExists(probe);
            }
        } catch (IOException e) {
            // The file is empty, and its name is one that programs skip: hidden and temporary.
        }
    }

    /** True if new files of this process have another owner, and this process can't change that. */
    public boolean cannotChangeOwner() {
        return chown == Chown.IMPOSSIBLE;
    }

    /** True if this process has to change the owner of its new files, and can. */
    public boolean changesOwner() {
        return chown == Chown.POSSIBLE;
    }

    /**
     * Changes the owner of a file or directory, and sets the group and the mode of the owner's directory, regardless of
     * the umask. Does nothing for symbolic links, for files that belong to the owner already, and if
     * {@link #changesOwner} is
     * false.
     *
     * @throws IOException if the system refuses the change
     */
    public void changeOwner(Path file) throws IOException {
        if (chown != Chown.POSSIBLE || directory == null || Files.isSymbolicLink(file) || directory.isOwnerOf(file)) {
            return;
        }
        // The view does not follow links: an owner with fewer rights than root could replace the file by a link.
        PosixFileAttributeView view = view(file);
        view.setPermissions(
                Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS) ? directory.directoryMode() : directory.fileMode());
        view.setGroup(directory.group);
        view.setOwner(directory.user);
    }

    /** True if owner, group and mode of a file or directory deny the owner of the tree to read it. */
    public boolean isDeniedToOwner(Path file) {
        return directory != null
                && Attributes.of(file)
                        .filter(each -> !each.isReadableBy(directory))
                        .isPresent();
    }

    /** True if a file exists and this process may not read it, or may not find out whether the file exists. */
    public static boolean isDenied(Path file) {
        try {
            Files.getLastModifiedTime(file);
            return !Files.isReadable(file);
        } catch (AccessDeniedException e) {
            return true;
        } catch (IOException none) {
            return false;
        }
    }

    /** Says why this process may not read a file: the owner and mode of the file, and the user of this process. */
    public static String whyDenied(Path file) {
        String runsAs = "this process runs as " + ProcessUser.current();
        return nearest(file).map(attributes -> attributes + ", and " + runsAs).orElse(runsAs);
    }

    /**
     * Says why this process may not read a file, as {@link #whyDenied(Path)} does, and what to do.
     *
     * @param root the root of the tree on which the command is to be run
     */
    public static String whyDenied(Path file, Path root) {
        Optional<Attributes> nearest = nearest(file);
        if (nearest.isEmpty()) {
            return "permission denied; " + whyDenied(file);
        }
        var process = ProcessUser.current();
        boolean isOwn = process.uid().isPresent()
                && (process.uid().getAsInt() == nearest.get().uid
                        || process.uid().getAsInt() == SUPERUSER);
        String command = isOwn ? "chmod -R u+rwX " + root : "chown -R " + process.chownArgument() + " " + root;
        return whyDenied(file) + "; run: " + command;
    }

    /** Says why the owner of the tree may not read a file that this process may read, and what to do. */
    public String whyDeniedToOwner(Path file, Path root) {
        String attributes = Attributes.of(file).map(Attributes::toString).orElse("permission denied");
        return directory == null
                ? attributes
                : attributes + ", and " + directory.file + " belongs to " + directory.owner() + "; run: chown -R "
                        + directory.user.getName() + " " + root;
    }

    /** Says why this process must not create files in a tree that belongs to another user, and what to do instead. */
    public String explainRefusal(Path root) {
        if (directory == null) {
            return "";
        }
        var process = ProcessUser.current();
        String user = directory.user.getName();
        String sudo = user.equals(String.valueOf(directory.uid)) ? "'#" + user + "'" : user;
        return directory.file + " belongs to " + directory.owner() + ", and this process runs as " + process
                + " and may not give files away, so " + user
                + " might not be able to read what it writes; run: sudo -u "
                + sudo + " ..., or: chown -R " + process.chownArgument() + " " + root;
    }

    /** Returns the attributes of the file; if they can't be read, those of the closest directory above it. */
    private static Optional<Attributes> nearest(Path file) {
        for (Path each = file.toAbsolutePath(); each != null; each = each.getParent()) {
            Optional<Attributes> attributes = Attributes.of(each);
            if (attributes.isPresent()) {
                return attributes;
            }
        }
        return Optional.empty();
    }

    private static PosixFileAttributeView view(Path file) {
        return Files.getFileAttributeView(file, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    }

    /** The owner, group and mode of a file. */
    private record Attributes(
            Path file,
            int uid,
            int gid,
            UserPrincipal user,
            GroupPrincipal group,
            Set<PosixFilePermission> permissions) {
        /** Returns empty if the file does not exist, or if its file system has no POSIX attributes. */
        static Optional<Attributes> of(Path file) {
            try {
                PosixFileAttributes all = Files.readAttributes(file, PosixFileAttributes.class);
                int uid = (Integer) Files.getAttribute(file, "unix:uid");
                int gid = (Integer) Files.getAttribute(file, "unix:gid");
                return Optional.of(new Attributes(file, uid, gid, all.owner(), all.group(), all.permissions()));
            } catch (IOException | UnsupportedOperationException | IllegalArgumentException none) {
                return Optional.empty();
            }
        }

        boolean isOwnerOf(Path other) throws IOException {
            return of(other).orElseThrow(() -> new NoSuchFileException(other.toString())).uid == uid;
        }

        boolean isReadableBy(Attributes owner) {
            return owner.uid == SUPERUSER
                    || (uid == owner.uid && permissions.contains(PosixFilePermission.OWNER_READ))
                    || (gid == owner.gid && permissions.contains(PosixFilePermission.GROUP_READ))
                    || permissions.contains(PosixFilePermission.OTHERS_READ);
        }

        /** Returns the mode for a new directory in this directory. */
        Set<PosixFilePermission> directoryMode() {
            Set<PosixFilePermission> mode = EnumSet.copyOf(OWNER_ALL);
            mode.addAll(permissions);
            return mode;
        }

        /** Returns the mode for a new file in this directory. */
        Set<PosixFilePermission> fileMode() {
            Set<PosixFilePermission> mode = EnumSet.copyOf(OWNER_WRITES);
            mode.addAll(permissions);
            mode.removeAll(EXECUTE);
            return mode;
        }

        String owner() {
            return ProcessUser.describe(user.getName(), uid);
        }

        @Override
        public String toString() {
            return file + " belongs to " + owner() + " and group " + group.getName() + " with mode "
                    + PosixFilePermissions.toString(permissions);
        }
    }
}
