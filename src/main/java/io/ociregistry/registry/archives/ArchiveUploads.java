package io.ociregistry.registry.archives;

import io.ociregistry.common.Daemons;
import io.ociregistry.common.FileErrors;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.load.list.ImageFile;
import io.ociregistry.store.TemporaryFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Receives archives from clients of a running server.
 *
 * <p>An upload that is named by the digest of its archive survives broken connections: the next request continues at
 * the offset that {@link #list} reports. Other uploads are deleted when they break off. At most {@value #MAX} uploads
 * exist at a time; a new one replaces an interrupted one. Closing it deletes all. Thread-safe.
 */
public final class ArchiveUploads implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ArchiveUploads.class);
    private static final int MAX = 2;
    private static final int BUFFER_BYTES = 1 << 16;

    /**
     * The times of uploads.
     *
     * @param kept how long an interrupted upload waits for the next request
     * @param silence how long a request may send nothing before another one may continue its upload
     */
    public record Times(Duration kept, Duration silence) {
        public static final Times DEFAULT = new Times(Duration.ofHours(1), Duration.ofSeconds(10));
    }

    /**
     * A request that sends an archive or a part of one.
     *
     * @param digest the digest of the whole archive; empty for an upload that can't be resumed
     * @param offset the position of the first byte of the request in the archive
     * @param length the number of bytes from there to the end of the archive; empty if it is unknown
     * @param name the name of the archive in messages
     */
    public record Part(Optional<Digest> digest, long offset, OptionalLong length, String name) {}

    /**
     * An upload as operators see it.
     *
     * @param upload the digest of the archive; empty text if it is unknown
     * @param bytes the bytes that were received
     * @param state {@code receiving}, {@code interrupted}, or {@code loading} while the complete archive is imported
     */
    public record Status(String upload, String name, long bytes, String state) {}

    /** Opens the body of a request. A client that waits for {@code 100 Continue} sends it from then on. */
    @FunctionalInterface
    public interface Body {
        InputStream open() throws IOException;
    }

    /** Creates a temporary file; see {@link io.ociregistry.store.Store#createTemporaryFile}. */
    @FunctionalInterface
    public interface FileFactory {
        TemporaryFile create(String purpose) throws IOException;
    }

    /** An archive that was received completely. Closing it deletes the archive. */
    public final class Received implements AutoCloseable {
        private final ArchiveUpload upload;
        private final ImageFile archive;

        private Received(ArchiveUpload upload, ImageFile archive) {
            this.upload = upload;
            this.archive = archive;
        }

        public ImageFile archive() {
            return archive;
        }

        /** Keeps a named upload for another request, because the archive can't be loaded now. */
        public void postpone() {
            upload.postpone();
            expireLater(upload, upload.turn());
        }

        @Override
        public void close() {
            remove(upload);
        }
    }

    private final FileFactory files;
    private final Times times;
    private final ScheduledExecutorService expiry =
            Executors.newSingleThreadScheduledExecutor(Daemons.withName("upload-expiry"));
    // Guarded by this.
    private final List<ArchiveUpload> uploads = new ArrayList<>();
    private boolean closed;

    public ArchiveUploads(FileFactory files, Times times) {
        this.files = files;
        this.times = times;
    }

    /** Returns all uploads. */
    public synchronized List<Status> list() {
        return uploads.stream().map(ArchiveUpload::status).toList();
    }

    /**
     * Receives a part of an archive up to its end. Blocks as long as the client sends.
     *
     * @throws RegistryException if the part breaks off or does not continue the upload, if there is no space, or if too
     *     many uploads exist; the message says what to do
     */
    public Received receive(Part part, Body body) {
        Turn admitted = admit(part);
        ArchiveUpload upload = admitted.upload();
        int turn = admitted.number();
        try {
            if (part.length().isPresent()) {
                upload.reserve(turn, part.offset() + part.length().getAsLong());
            }
            copy(part, open(body), upload, turn);
            return new Received(upload, upload.complete(turn));
        } catch (BrokenBodyException e) {
            throw broken(part, upload, turn, e);
        } catch (TemporaryFile.TooLargeException e) {
            remove(upload);
            throw new RegistryException(
                    ErrorCode.TOO_LARGE, "the archive " + part.name() + " is too large: " + e.getMessage(), e);
        } catch (IOException e) {
            remove(upload);
            throw notStored(part, e);
        } catch (RegistryException e) {
            if (upload.isInTurn(turn)) {
                remove(upload);
            }
            throw e;
        }
    }

    /** The right of one request to send a part of an upload. */
    private record Turn(ArchiveUpload upload, int number) {
        static Turn start(ArchiveUpload upload) {
            return new Turn(upload, upload.startTurn());
        }
    }

    /** The client broke off. */
    private static final class BrokenBodyException extends IOException {
        private static final long serialVersionUID = 1L;

        BrokenBodyException(String message) {
            super(message);
        }
    }

    /** Finds or creates the upload that a request may send now. */
    private synchronized Turn admit(Part part) {
        Optional<ArchiveUpload> known = uploads.stream()
                .filter(upload -> upload.digest().isPresent() && upload.digest().equals(part.digest()))
                .findFirst();
        if (known.filter(upload -> upload.isBusy(times.silence())).isPresent()) {
            throw busy("another request sends or loads the archive " + part.name(), times.silence());
        }
        if (part.offset() > 0) {
            long kept = known.map(ArchiveUpload::size).orElse(0L);
            if (part.offset() != kept) {
                throw new RegistryException(
                        ErrorCode.RANGE_NOT_SATISFIABLE,
                        "this server has " + kept + " bytes of the archive " + part.name()
                                + ", so it can't continue at " + part.offset() + "; continue at offset " + kept);
            }
            return Turn.start(known.orElseThrow());
        }
        known.ifPresent(this::remove);
        return Turn.start(create(part));
    }

    private ArchiveUpload create(Part part) {
        if (uploads.size() >= MAX) {
            uploads.stream()
                    .filter(upload -> upload.state() == ArchiveUpload.State.INTERRUPTED)
                    .min(Comparator.comparingLong(upload -> upload.lastByteNanos() - System.nanoTime()))
                    .ifPresent(this::remove);
        }
        if (closed || uploads.size() >= MAX) {
            throw busy(
                    "this server is stopping, or already receives or loads " + MAX + " archives",
                    Duration.ofMinutes(1));
        }
        try {
            ArchiveUpload created = new ArchiveUpload(part.digest(), part.name(), files.create("upload"));
            uploads.add(created);
            return created;
        } catch (IOException e) {
            throw notStored(part, e);
        }
    }

    private static void copy(Part part, InputStream body, ArchiveUpload upload, int turn) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        long received = 0;
        for (int count = read(body, buffer); count >= 0; count = read(body, buffer)) {
            upload.append(turn, ByteBuffer.wrap(buffer, 0, count));
            received += count;
        }
        if (received < part.length().orElse(0)) {
            throw new BrokenBodyException("the body ended after " + received + " bytes");
        }
    }

    private static InputStream open(Body body) throws BrokenBodyException {
        try {
            return body.open();
        } catch (IOException e) {
            throw new BrokenBodyException(String.valueOf(e.getMessage()));
        }
    }

    private static int read(InputStream body, byte[] buffer) throws BrokenBodyException {
        try {
            return body.read(buffer);
        } catch (IOException e) {
            throw new BrokenBodyException(String.valueOf(e.getMessage()));
        }
    }

    private RegistryException broken(Part part, ArchiveUpload upload, int turn, BrokenBodyException e) {
        if (part.digest().isEmpty()) {
            remove(upload);
            return new RegistryException(
                    ErrorCode.REQUEST_INVALID,
                    "the archive " + part.name() + " broke off: " + e.getMessage()
                            + "; send it again. With the parameter upload, its digest, the rest could be sent",
                    e);
        }
        upload.interrupt(turn);
        expireLater(upload, turn);
        LOG.info("the upload of {} broke off at {} bytes: {}", part.name(), upload.size(), e.getMessage());
        return new RegistryException(
                ErrorCode.REQUEST_INVALID,
                "the archive " + part.name() + " broke off: " + e.getMessage() + "; continue at offset "
                        + upload.size(),
                e);
    }

    private void expireLater(ArchiveUpload upload, int turn) {
        try {
            Future<?> unused =
                    expiry.schedule(() -> expire(upload, turn), times.kept().toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException stopping) {
            remove(upload);
        }
    }

    private synchronized void expire(ArchiveUpload upload, int turn) {
        if (upload.closeIfInterrupted(turn)) {
            uploads.remove(upload);
            LOG.info("an interrupted upload was not continued within {}, and was deleted", times.kept());
        }
    }

    private synchronized void remove(ArchiveUpload upload) {
        uploads.remove(upload);
        upload.close();
    }

    private static RegistryException notStored(Part part, IOException e) {
        return new RegistryException(
                ErrorCode.STORE_FAILED,
                "the archive " + part.name() + " can't be written to the disk of the cache: " + FileErrors.reason(e)
                        + "; make room on that disk, or prune",
                e);
    }

    private static RegistryException busy(String why, Duration retryAfter) {
        return new RegistryException(ErrorCode.OVERLOADED, why + "; retry later", null, retryAfter);
    }

    /** Deletes all uploads; requests that send one fail. */
    @Override
    public void close() {
        expiry.shutdownNow();
        List<ArchiveUpload> left;
        synchronized (this) {
            closed = true;
            left = List.copyOf(uploads);
        }
        left.forEach(this::remove);
    }
}
