package io.ociregistry.upstream.pool;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.upstream.BlobAnswer;
import io.ociregistry.upstream.RequestKind;
import io.ociregistry.upstream.http.HttpUpstream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses the source of each blob. Thread-safe.
 *
 * <p>The first source that has not failed with the blob is asked first, and the source whose failure is the longest ago
 * next. Sources that sent wrong bytes are skipped. The history of a blob is dropped ten minutes after its last request.
 */
final class BlobSources {
    private static final Logger LOG = LoggerFactory.getLogger(BlobSources.class);
    private static final int MAX_BLOBS = 1024;

    private final List<HttpUpstream> all;
    private final Cache<String, SourceHistory> histories = Caffeine.newBuilder()
            .maximumSize(MAX_BLOBS)
            .expireAfterAccess(Duration.ofMinutes(10))
            .build();

    /** The sources that were asked for one blob. All fields are guarded by this. */
    private static final class SourceHistory {
        /** Sources whose transfer broke, the oldest failure first. */
        private final Set<HttpUpstream> failed = new LinkedHashSet<>();

        private final Set<HttpUpstream> wrong = new LinkedHashSet<>();
        /** Sources that sent bytes of the current download, the current one last. */
        private final Set<HttpUpstream> sent = new LinkedHashSet<>();

        synchronized void started(HttpUpstream source, long from) {
            if (from == 0) {
                sent.clear();
            }
            sent.remove(source);
            sent.add(source);
        }

        synchronized void failed(HttpUpstream source) {
            failed.remove(source);
            failed.add(source);
        }
    }

    BlobSources(List<HttpUpstream> all) {
        this.all = all;
    }

    /** Returns the sources to ask, in this order. */
    List<HttpUpstream> inOrder(String repository, Digest digest) {
        SourceHistory history = history(repository, digest);
        synchronized (history) {
            return Stream.concat(
                            all.stream().filter(source -> !history.failed.contains(source)),
                            List.copyOf(history.failed).stream())
                    .filter(source -> !history.wrong.contains(source))
                    .toList();
        }
    }

    /** GETs the blob from that source from a position on, and records whether the body reaches its end. */
    BlobAnswer open(HttpUpstream source, String repository, Digest digest, long from) {
        SourceHistory history = history(repository, digest);
        try {
            BlobAnswer answer = source.blob(repository, digest, from);
            history.started(source, from);
            return new RecordedAnswer(answer, () -> history.failed(source));
        } catch (RegistryException e) {
            history.failed(source);
            throw e;
        }
    }

    /**
     * Returns true if another usable source has neither failed with the blob nor sent bytes of it.
     *
     * <p>Returns false while a caching mirror sends the blob: it sends as fast as it receives, so it is not replaced
     * for being slow.
     */
    boolean hasAlternative(String repository, Digest digest) {
        SourceHistory history = history(repository, digest);
        synchronized (history) {
            boolean fromCache = history.sent.stream()
                    .reduce((previous, next) -> next)
                    .filter(HttpUpstream::isPullThroughMirror)
                    .isPresent();
            return !fromCache
                    && all.stream()
                            .anyMatch(source -> !history.failed.contains(source)
                                    && !history.wrong.contains(source)
                                    && !history.sent.contains(source)
                                    && source.isUsable(RequestKind.BLOB));
        }
    }

    /** Skips all mirrors that sent bytes of the blob from now on; returns false if no mirror did. */
    boolean skip(String repository, Digest digest, HttpUpstream registry) {
        SourceHistory history = history(repository, digest);
        synchronized (history) {
            history.sent.remove(registry);
            boolean anyMirror = history.wrong.addAll(history.sent);
            if (anyMirror) {
                LOG.error(
                        "the bytes received of blob {} are wrong; skipping the mirrors that sent them: {}",
                        digest,
                        history.sent);
            }
            history.sent.clear();
            return anyMirror;
        }
    }

    private SourceHistory history(String repository, Digest digest) {
        return histories.get(repository + "@" + digest, unknown -> new SourceHistory());
    }

    /** An answer that reports when it is closed before the end of its body. */
    private static final class RecordedAnswer implements BlobAnswer {
        private final BlobAnswer answer;
        private final Runnable onFailure;
        private final AtomicBoolean ended;
        private final InputStream body;

        RecordedAnswer(BlobAnswer answer, Runnable onFailure) {
            this(answer, onFailure, new AtomicBoolean());
        }

        private RecordedAnswer(BlobAnswer answer, Runnable onFailure, AtomicBoolean ended) {
            this.answer = answer;
            this.onFailure = onFailure;
            this.ended = ended;
            this.body = new FilterInputStream(answer.body()) {
                @Override
                public int read() throws IOException {
                    return recordEnd(super.read());
                }

                @Override
                public int read(byte[] bytes, int offset, int length) throws IOException {
                    return recordEnd(super.read(bytes, offset, length));
                }
            };
        }

        private int recordEnd(int read) {
            if (read < 0) {
                ended.set(true);
            }
            return read;
        }

        @Override
        public long from() {
            return answer.from();
        }

        @Override
        public String sender() {
            return answer.sender();
        }

        @Override
        public OptionalLong size() {
            return answer.size();
        }

        @Override
        public Optional<BlobAnswer> decoded() throws IOException {
            return answer.decoded().map(plain -> new RecordedAnswer(plain, onFailure, ended));
        }

        @Override
        public InputStream body() {
            return body;
        }

        @Override
        public void close() {
            if (!ended.get()) {
                onFailure.run();
            }
            answer.close();
        }
    }
}
