package io.ociregistry.access;

import io.ociregistry.common.DurableRename;
import io.ociregistry.common.FileErrors;
import io.ociregistry.common.ProcessUser;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file in the image path that holds the token of the admin API.
 *
 * <p>The server creates the file when it starts, and local commands read it. An existing file is kept if it holds a
 * token, belongs to the user of the server, and grants no permission to other users. Only a process that may write to
 * the store creates the file.
 */
public final class AdminTokenFile {
    private static final Logger LOG = LoggerFactory.getLogger(AdminTokenFile.class);
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");
    private static final Pattern TOKEN = Pattern.compile("([!-~]{32,1024})\\R?");
    private static final int MAX_FILE_SIZE = 2048;
    private static final int RANDOM_BYTES = 32;

    private final Path path;
    private final boolean writable;

    /**
     * @param imagePath the image path of the server
     * @param writable whether this process may write to the image path
     */
    public AdminTokenFile(Path imagePath, boolean writable) {
        this.path = pathIn(imagePath);
        this.writable = writable;
    }

    /** Returns the path of the token file of a server with this image path. */
    public static Path pathIn(Path imagePath) {
        return imagePath.resolve("admin-token").toAbsolutePath();
    }

    public Path path() {
        return path;
    }

    /**
     * Returns the token in the file. Creates a new file if there is none, or if the token in it is malformed or not
     * private.
     *
     * @throws IOException if there is no usable file and none can be created; the message says why, and names the file
     */
    public String readOrCreate() throws IOException {
        try {
            return read();
        } catch (NoSuchFileException e) {
            String token = create("it does not exist");
            LOG.info("created the admin token file {}", path);
            return token;
        } catch (IOException e) {
            String token = create(FileErrors.reason(e));
            LOG.warn("replaced the admin token file {}: {}", path, FileErrors.reason(e));
            return token;
        }
    }

    private String create(String problem) throws IOException {
        if (!writable) {
            throw new IOException(path + " can't be used (" + problem + ") or created (the image path is read-only)");
        }
        try {
            write();
            return read();
        } catch (IOException e) {
            throw new IOException(path + " can't be created: " + FileErrors.reason(e), e);
        } catch (UnsupportedOperationException e) {
            throw new IOException(path + " can't be created: its file system has no permissions", e);
        }
    }

    private String read() throws IOException {
        checkSecret(Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS));
        try (InputStream in = Files.newInputStream(path)) {
            Matcher token = TOKEN.matcher(new String(in.readNBytes(MAX_FILE_SIZE), StandardCharsets.US_ASCII));
            if (!token.matches()) {
                throw new IOException("it is not one line of 32 to 1024 letters, digits and signs");
            }
            return token.group(1);
        }
    }

    private void checkSecret(PosixFileAttributes file) throws IOException {
        if (!file.isRegularFile()) {
            throw new IOException("it is not a regular file");
        }
        if (!OWNER_ONLY.containsAll(file.permissions())) {
            throw new IOException(
                    "others may read or change it (" + PosixFilePermissions.toString(file.permissions()) + ")");
        }
        int owner = (Integer) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
        if (ProcessUser.current().uid().orElse(owner) != owner) {
            throw new IOException("it belongs to another user (" + file.owner().getName() + ")");
        }
    }

    /** Writes a random token. The file is private when it is created, and gets its name when it is complete. */
    private void write() throws IOException {
        byte[] random = new byte[RANDOM_BYTES];
        new SecureRandom().nextBytes(random);
        String token = Base64.getUrlEncoder().withoutPadding().encodeToString(random) + "\n";
        Path aside = path.resolveSibling(path.getFileName() + ".tmp");
        // A process that was killed may have left a temporary file.
        Files.deleteIfExists(aside);
        try {
            try (FileChannel channel = FileChannel.open(
                    aside,
                    Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    PosixFilePermissions.asFileAttribute(OWNER_ONLY))) {
                ByteBuffer bytes = ByteBuffer.wrap(token.getBytes(StandardCharsets.US_ASCII));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            DurableRename.publish(aside, path);
        } finally {
            Files.deleteIfExists(aside);
        }
    }
}
