package io.ociregistry.registry.archives;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.load.list.ImageFile;
import io.ociregistry.store.TemporaryFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An archive that a client sends, in a temporary file until it is imported.
 *
 * <p>Several requests may send its parts, one after the other. Each has a turn; a request whose turn is over writes
 * nothing any more. Thread-safe.
 */
final class ArchiveUpload {
    /** The state of an upload. */
    enum State {
        /** A request sends it. */
        RECEIVING,
        /** The request broke off, and the next one may send the rest. */
        INTERRUPTED,
        /** The archive is complete, and is being imported. */
        LOADING,
        /** The file is deleted. */
        CLOSED
    }

    private final Optional<Digest> digest;
    private final String name;
    private final TemporaryFile file;
    private final @Nullable MessageDigest hash;
    // Guarded by this.
    private State state = State.INTERRUPTED;
    private int turn;
    private boolean verified;
    private long lastByteNanos = System.nanoTime();

    /** Takes over the file, and closes it. */
    ArchiveUpload(Optional<Digest> digest, String name, TemporaryFile file) {
        this.digest = digest;
        this.name = name;
        this.file = file;
        this.hash = digest.map(expected -> expected.algorithm().newHash()).orElse(null);
    }

    Optional<Digest> digest() {
        return digest;
    }

    synchronized State state() {
        return state;
    }

    synchronized long size() {
        return file.size();
    }

    synchronized long lastByteNanos() {
        return lastByteNanos;
    }

    synchronized ArchiveUploads.Status status() {
        return new ArchiveUploads.Status(
                digest.map(Digest::toString).orElse(""),
                name,
                file.size(),
                state.name().toLowerCase(Locale.ROOT));
    }

    /** True while a request sends the archive and is not silent, and while the archive is imported. */
    synchronized boolean isBusy(Duration silence) {
        return state == State.LOADING
                || (state == State.RECEIVING && System.nanoTime() - lastByteNanos < silence.toNanos());
    }

    /** Starts the turn of a request, and ends the turn of another one. Returns its number. */
    synchronized int startTurn() {
        state = State.RECEIVING;
        lastByteNanos = System.nanoTime();
        return ++turn;
    }

    /** Returns the number of the last turn. */
    synchronized int turn() {
        return turn;
    }

    /** True if the turn is not over. */
    synchronized boolean isInTurn(int wanted) {
        return turn == wanted && state == State.RECEIVING;
    }

    /** Reserves space for an archive of so many bytes. */
    synchronized void reserve(int wanted, long bytes) throws IOException {
        checkTurn(wanted);
        file.reserve(bytes);
    }

    synchronized void append(int wanted, ByteBuffer bytes) throws IOException {
        checkTurn(wanted);
        if (hash != null) {
            hash.update(bytes.duplicate());
        }
        file.append(bytes);
        lastByteNanos = System.nanoTime();
    }

    /** Records that the request of a turn broke off. */
    synchronized void interrupt(int wanted) {
        if (turn == wanted && state == State.RECEIVING) {
            state = State.INTERRUPTED;
        }
    }

    /** Records that the complete archive waits for another request, because it can't be loaded now. */
    synchronized void postpone() {
        if (state == State.LOADING) {
            state = State.INTERRUPTED;
        }
    }

    /**
     * Ends a turn after the last byte of the archive.
     *
     * @throws RegistryException if the bytes have another digest, or are no archive
     */
    synchronized ImageFile complete(int wanted) throws IOException {
        checkTurn(wanted);
        if (hash != null && !verified) {
            Digest received = Digest.finish(digest.orElseThrow().algorithm(), hash);
            if (!digest.orElseThrow().equals(received)) {
                throw invalid("the " + file.size() + " bytes of the archive " + name + " have the digest " + received
                        + ", not " + digest.orElseThrow() + "; send it again");
            }
            verified = true;
        }
        ImageFile archive = ImageFile.of(Path.of(file.path()), name);
        if (archive.kind() == ImageFile.Kind.LIST) {
            throw invalid(name + " is no archive (tar, gzip or zstd); send a list of images without the parameter"
                    + " upload");
        }
        state = State.LOADING;
        return archive;
    }

    private void checkTurn(int wanted) {
        if (!isInTurn(wanted)) {
            throw invalid("the upload of the archive " + name
                    + " was ended by another request for the same upload, or by the stop of the server");
        }
    }

    private static RegistryException invalid(String why) {
        return new RegistryException(ErrorCode.REQUEST_INVALID, why);
    }

    /** Deletes the file. */
    synchronized void close() {
        state = State.CLOSED;
        file.close();
    }

    /** Deletes the file if the upload was interrupted in that turn, and not continued since. */
    synchronized boolean closeIfInterrupted(int wanted) {
        if (turn != wanted || state != State.INTERRUPTED) {
            return false;
        }
        close();
        return true;
    }
}
