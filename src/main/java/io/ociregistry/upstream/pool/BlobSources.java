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
 * Which source a blob comes from: the first that has not broken off with it, then the one whose failure is longest ago. Those that sent
 * something wrong are left out. All that is forgotten ten minutes after the blob was last asked for.
 */
final class BlobSources {
    private static final Logger LOG = LoggerFactory.getLogger(BlobSources.class);
    private static final int BLOBS = 1024;

    private final List<HttpUpstream> all;
    private final Cache<String, Course> courses = Caffeine.newBuilder()
            .maximumSize(BLOBS)
            .expireAfterAccess(Duration.ofMinutes(10))
            .build();

    /** What has become of one blob. All is guarded by this. */
    private static final class Course {
        private final Set<HttpUpstream> broke = new LinkedHashSet<>();
        private final Set<HttpUpstream> wrong = new LinkedHashSet<>();
        /** Who sent something of what is held. */
        private final Set<HttpUpstream> sent = new LinkedHashSet<>();

        synchronized void begins(HttpUpstream source, long from) {
            if (from == 0) {
                sent.clear();
            }
            sent.remove(source);
            sent.add(source);
        }

        synchronized void breaksOff(HttpUpstream source) {
            broke.remove(source);
            broke.add(source);
        }
    }

    BlobSources(List<HttpUpstream> all) {
        this.all = all;
    }

    /** Whom to ask for it, in this order. */
    List<HttpUpstream> inTurn(String repository, Digest digest) {
        Course course = course(repository, digest);
        synchronized (course) {
            return Stream.concat(
                            all.stream().filter(source -> !course.broke.contains(source)),
                            List.copyOf(course.broke).stream())
                    .filter(source -> !course.wrong.contains(source))
                    .toList();
        }
    }

    /** Asks that one for the blob from a position on, and takes notice of whether the answer comes to its end. */
    BlobAnswer ask(HttpUpstream source, String repository, Digest digest, long from) {
        Course course = course(repository, digest);
        try {
            BlobAnswer answer = source.blob(repository, digest, from);
            course.begins(source, from);
            return new Noted(answer, () -> course.breaksOff(source));
        } catch (RegistryException e) {
            course.breaksOff(source);
            throw e;
        }
    }

    /** Whether one that has not failed with it is left. A cache is not left for being slow: it sends as fast as it gets. */
    boolean hasOther(String repository, Digest digest) {
        Course course = course(repository, digest);
        synchronized (course) {
            boolean fromCache = course.sent.stream()
                    .reduce((one, next) -> next)
                    .filter(HttpUpstream::isCache)
                    .isPresent();
            return !fromCache
                    && all.stream()
                            .anyMatch(source -> !course.broke.contains(source)
                                    && !course.wrong.contains(source)
                                    && !course.sent.contains(source)
                                    && source.isUsable(RequestKind.BLOB));
        }
    }

    /** Leaves out all mirrors that sent something of it; false if none did. */
    boolean passOver(String repository, Digest digest, HttpUpstream registry) {
        Course course = course(repository, digest);
        synchronized (course) {
            course.sent.remove(registry);
            boolean any = course.wrong.addAll(course.sent);
            if (any) {
                LOG.error(
                        "what came of the blob {} is wrong; passed over, since it was sent by them: {}",
                        digest,
                        course.sent);
            }
            course.sent.clear();
            return any;
        }
    }

    private Course course(String repository, Digest digest) {
        return courses.get(repository + "@" + digest, unknown -> new Course());
    }

    /** An answer that tells when it is closed before its end. */
    private static final class Noted implements BlobAnswer {
        private final BlobAnswer answer;
        private final Runnable broken;
        private final AtomicBoolean ended;
        private final InputStream body;

        Noted(BlobAnswer answer, Runnable broken) {
            this(answer, broken, new AtomicBoolean());
        }

        private Noted(BlobAnswer answer, Runnable broken, AtomicBoolean ended) {
            this.answer = answer;
            this.broken = broken;
            this.ended = ended;
            this.body = new FilterInputStream(answer.body()) {
                @Override
                public int read() throws IOException {
                    return noticing(super.read());
                }

                @Override
                public int read(byte[] bytes, int offset, int length) throws IOException {
                    return noticing(super.read(bytes, offset, length));
                }
            };
        }

        private int noticing(int read) {
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
        public OptionalLong size() {
            return answer.size();
        }

        @Override
        public Optional<BlobAnswer> decoded() throws IOException {
            return answer.decoded().map(plain -> new Noted(plain, broken, ended));
        }

        @Override
        public InputStream body() {
            return body;
        }

        @Override
        public void close() {
            if (!ended.get()) {
                broken.run();
            }
            answer.close();
        }
    }
}
