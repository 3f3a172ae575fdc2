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
 * The user that a directory tree belongs to, and how this process leaves files to that user: root may give files away,
 * other users may not.
 *
 * <p>Looks at the directories once, when it is made. Where the file system knows no POSIX owners, or the system does
 * not tell which user this process is, it does nothing. Immutable.
 */
public final class FileOwner {
    /** Does nothing: for what is only read, and for file systems without owners. */
    public static final FileOwner UNKNOWN = new FileOwner(null, Means.NONE_NEEDED);

    private static final int SUPERUSER = 0;
    private static final Set<PosixFilePermission> OWNER_ALL = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> EXECUTE = PosixFilePermissions.fromString("--x--x--x");
    private static final Set<PosixFilePermission> OWNER_WRITES = PosixFilePermissions.fromString("rw-------");

    /** How files that this process makes come to belong to the owner. */
    private enum Means {
        NONE_NEEDED,
        CHOWN,
        /** They can't. */
        NONE
    }

    private final @Nullable Attributes directory;
    private final Means means;

    private FileOwner(@Nullable Attributes directory, Means means) {
        this.directory = directory;
        this.means = means;
    }

    /**
     * The owner of the first of these directories that does not belong to root, or of the first one. The mount point of
     * a volume often belongs to root, whoever uses it. Makes a file in the first directory, and deletes it, if that is
     * what it takes to know whether files can be given away.
     */
    public static FileOwner of(List<Path> directories) {
        Attributes owner = null;
        for (Path each : directories) {
            Optional<Attributes> found = Attributes.of(each);
            if (found.isPresent() && (owner == null || owner.uid == SUPERUSER)) {
                owner = owner == null || found.get().uid != SUPERUSER ? found.get() : owner;
            }
        }
        return owner == null ? UNKNOWN : new FileOwner(owner, means(owner, directories.get(0)));
    }

    private static Means means(Attributes owner, Path directory) {
        var process = ProcessUser.now();
        if (process.uid().isEmpty() || process.uid().getAsInt() == owner.uid) {
            return Means.NONE_NEEDED;
        }
        Path probe = null;
        try {
            probe = Files.createTempFile(directory, ".owner", ".tmp");
            // Some file systems give every file to the user that they were mounted for.
            if (owner.isOwnerOf(probe)) {
                return Means.NONE_NEEDED;
            }
            view(probe).setOwner(owner.user);
            return Means.CHOWN;
        } catch (IOException e) {
            return Means.NONE;
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
            // It is empty, and every program leaves out a name like that.
        }
    }

    /** True if files that this process makes have another owner, and it can't change that. */
    public boolean isForeign() {
        return means == Means.NONE;
    }

    /** True if this process gives files to the owner that would not have it otherwise. */
    public boolean gives() {
        return means == Means.CHOWN;
    }

    /**
     * Gives a file or directory to the owner, with the group and the mode of the owner's directory, whatever the umask
     * is. Does nothing if the file belongs to the owner, or if this process need not or can't give it. Links are left
     * alone.
     *
     * @throws IOException if the system does not allow it
     */
    public void give(Path file) throws IOException {
        if (means != Means.CHOWN || directory == null || Files.isSymbolicLink(file) || directory.isOwnerOf(file)) {
            return;
        }
        // Never through a link: the owner, who may be less than root, can put one into the place of the file.
        PosixFileAttributeView view = view(file);
        view.setPermissions(Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS) ? directory.all() : directory.plain());
        view.setGroup(directory.group);
        view.setOwner(directory.user);
    }

    /** True if the owner may not read that file or directory, as far as its owner, group and mode tell. */
    public boolean isDeniedToOwner(Path file) {
        return directory != null
                && Attributes.of(file)
                        .filter(each -> !each.isReadableBy(directory))
                        .isPresent();
    }

    /** True if there is something of that name that this process may not read, or if it may not even know that. */
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

    /**
     * Why this process may not read a file, and what to do: whose it is, its mode, the user of this process, and a
     * command.
     *
     * @param root of the tree that the command is for
     */
    public static String whyDenied(Path file, Path root) {
        var process = ProcessUser.now();
        Optional<Attributes> found = nearest(file);
        String who = "this process runs as " + process;
        if (found.isEmpty()) {
            return "permission denied; " + who;
        }
        Attributes seen = found.get();
        boolean isOwn = process.uid().isPresent()
                && (process.uid().getAsInt() == seen.uid || process.uid().getAsInt() == SUPERUSER);
        String command = isOwn ? "chmod -R u+rwX " + root : "chown -R " + process.argument() + " " + root;
        return seen + ", and " + who + "; run: " + command;
    }

    /** Why the owner may not read a file, for a process that may, and what to do. */
    public String whyDeniedToOwner(Path file, Path root) {
        String seen = Attributes.of(file).map(Attributes::toString).orElse("permission denied");
        return directory == null
                ? seen
                : seen + ", and " + directory.file + " belongs to " + directory.owner() + "; run: chown -R "
                        + directory.user.getName() + " " + root;
    }

    /** Says that this process must not make files in a tree that belongs to another user, and what to do instead. */
    public String refusal(Path root) {
        if (directory == null) {
            return "";
        }
        var process = ProcessUser.now();
        String user = directory.user.getName();
        String sudo = user.equals(String.valueOf(directory.uid)) ? "'#" + user + "'" : user;
        return directory.file + " belongs to " + directory.owner() + ", and this process runs as " + process
                + " and may not give files away, so " + user
                + " might not be able to read what it writes; run: sudo -u "
                + sudo + " ..., or: chown -R " + process.argument() + " " + root;
    }

    /** The file, or else the innermost directory above it that the system tells of. */
    private static Optional<Attributes> nearest(Path file) {
        for (Path seen = file.toAbsolutePath(); seen != null; seen = seen.getParent()) {
            Optional<Attributes> found = Attributes.of(seen);
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    private static PosixFileAttributeView view(Path file) {
        return Files.getFileAttributeView(file, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    }

    /** Who may do what with a file. */
    private record Attributes(
            Path file,
            int uid,
            int gid,
            UserPrincipal user,
            GroupPrincipal group,
            Set<PosixFilePermission> permissions) {
        /** Empty if it is not there, or has none of this kind. */
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

        /** The mode of this directory, for a directory in it. */
        Set<PosixFilePermission> all() {
            Set<PosixFilePermission> mode = EnumSet.copyOf(OWNER_ALL);
            mode.addAll(permissions);
            return mode;
        }

        /** The mode of this directory, for a file in it. */
        Set<PosixFilePermission> plain() {
            Set<PosixFilePermission> mode = EnumSet.copyOf(OWNER_WRITES);
            mode.addAll(permissions);
            mode.removeAll(EXECUTE);
            return mode;
        }

        String owner() {
            return ProcessUser.described(user.getName(), uid);
        }

        @Override
        public String toString() {
            return file + " belongs to " + owner() + " and group " + group.getName() + " with mode "
                    + PosixFilePermissions.toString(permissions);
        }
    }
}
