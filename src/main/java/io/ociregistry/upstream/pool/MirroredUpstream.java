package io.ociregistry.upstream.pool;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.MediaType;
import io.ociregistry.oci.Reference;
import io.ociregistry.oci.ReferrerList;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.TagList;
import io.ociregistry.upstream.BlobAnswer;
import io.ociregistry.upstream.HeadAnswer;
import io.ociregistry.upstream.ListAnswer;
import io.ociregistry.upstream.ManifestAnswer;
import io.ociregistry.upstream.Priority;
import io.ociregistry.upstream.RequestKind;
import io.ociregistry.upstream.SourceState;
import io.ociregistry.upstream.Upstream;
import io.ociregistry.upstream.http.HttpUpstream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A registry with mirrors, which are asked in their order and before the registry itself (ADR 17). Thread-safe.
 *
 * <ul>
 *   <li>Only the registry can answer that content does not exist. After any other answer of a mirror than the content,
 *       the next source is asked.
 *   <li>A source that is known to be down, or that limits requests, is skipped while another one is usable.
 *   <li>A mirror's manifest must have the requested digest, or be a valid manifest if it was requested by tag.
 *   <li>{@link BlobSources} chooses the source of a blob.
 *   <li>A failure has the code of the registry's failure, and names the failures of the mirrors.
 * </ul>
 */
final class MirroredUpstream implements Upstream {
    private static final Logger LOG = LoggerFactory.getLogger(MirroredUpstream.class);
    private static final int MAX_LISTS = 256;

    private final HttpUpstream registry;
    private final List<HttpUpstream> all;
    private final BlobSources sources;
    /** The source of each next page, by repository, path and query; only the sender of a page knows its next page. */
    private final Cache<List<String>, HttpUpstream> sourcesOfPages = Caffeine.newBuilder()
            .maximumSize(MAX_LISTS)
            .expireAfterWrite(Duration.ofMinutes(10))
            .build();

    MirroredUpstream(List<HttpUpstream> mirrors, HttpUpstream registry) {
        this.registry = registry;
        this.all = Stream.concat(mirrors.stream(), Stream.of(registry)).toList();
        this.sources = new BlobSources(all);
    }

    @Override
    public RegistryName name() {
        return registry.name();
    }

    @Override
    public void check(RequestKind kind) {
        Map<HttpUpstream, RegistryException> reasons = new LinkedHashMap<>();
        for (HttpUpstream source : all) {
            try {
                source.check(kind);
                return;
            } catch (RegistryException e) {
                reasons.put(source, e);
            }
        }
        throw combined(reasons);
    }

    @Override
    public List<SourceState> sources() {
        return all.stream().flatMap(source -> source.sources().stream()).toList();
    }

    @Override
    public List<String> probeNow() {
        return all.stream().flatMap(source -> source.probeNow().stream()).toList();
    }

    /** Returns the silence of the source that is asked first. */
    @Override
    public Duration silence() {
        return all.stream()
                .filter(source -> source.isUsable(RequestKind.OTHER))
                .findFirst()
                .orElse(registry)
                .silence();
    }

    @Override
    public ManifestAnswer manifest(String repository, Reference reference, long maxBytes) {
        List<ManifestAnswer> stale = new ArrayList<>();
        try {
            return first(RequestKind.MANIFEST, source -> {
                ManifestAnswer answer = source.manifest(repository, reference, maxBytes);
                if (source != registry) {
                    verify(answer, reference, source);
                }
                if (answer.stale()) {
                    stale.add(answer);
                    throw staleAnswer(source);
                }
                return answer;
            });
        } catch (RegistryException e) {
            // A stale manifest of a caching mirror, unless the registry answered that the manifest does not exist.
            if (stale.isEmpty() || !(e.code().isUpstreamFailure() || e.code() == ErrorCode.TOO_MANY_REQUESTS)) {
                throw e;
            }
            return stale.get(0);
        }
    }

    @Override
    public HeadAnswer headManifest(String repository, Reference reference) {
        return first(RequestKind.OTHER, rateLimitedLast(), source -> {
            HeadAnswer answer = source.headManifest(repository, reference);
            boolean isOther = reference instanceof Digest digest
                    && answer.digest().filter(sent -> !sent.equals(digest)).isPresent();
            if (source != registry && isOther) {
                throw wrong(source, "it answered with another digest for " + reference);
            }
            if (answer.stale()) {
                throw staleAnswer(source);
            }
            return answer;
        });
    }

    @Override
    public HeadAnswer headBlob(String repository, Digest digest) {
        return first(RequestKind.OTHER, source -> source.headBlob(repository, digest));
    }

    @Override
    public OptionalLong blobSize(String repository, Digest digest) {
        return first(RequestKind.OTHER, source -> source.blobSize(repository, digest));
    }

    @Override
    public BlobAnswer blob(String repository, Digest digest, long from) {
        return first(
                RequestKind.BLOB,
                sources.inOrder(repository, digest),
                source -> sources.open(source, repository, digest, from));
    }

    @Override
    public BlobAnswer blobPart(String repository, Digest digest, long from, long to) {
        return first(
                RequestKind.BLOB,
                sources.inOrder(repository, digest),
                source -> source.blobPart(repository, digest, from, to));
    }

    @Override
    public boolean hasAlternative(String repository, Digest digest) {
        return sources.hasAlternative(repository, digest);
    }

    @Override
    public boolean skip(String repository, Digest digest) {
        return sources.skip(repository, digest, registry);
    }

    @Override
    public ListAnswer list(String repository, String path, String query, long maxBytes) {
        HttpUpstream known = sourcesOfPages.getIfPresent(List.of(repository, path, query));
        List<HttpUpstream> asked = known != null ? List.of(known) : all;
        return first(RequestKind.OTHER, asked, source -> {
            ListAnswer answer = source.list(repository, path, query, maxBytes);
            if (source != registry && (answer.stale() || !isReliable(source, path, answer, known != null))) {
                throw wrong(source, "its answer for " + path + " is stale or is no usable list");
            }
            answer.next().ifPresent(next -> sourcesOfPages.put(List.of(repository, path, next), source));
            return answer;
        });
    }

    @Override
    public Executor metadata(Priority priority) {
        return registry.metadata(priority);
    }

    @Override
    public Executor blobs(Priority priority) {
        return registry.blobs(priority);
    }

    /** Returns all sources, those whose rate limit is used up last. */
    private List<HttpUpstream> rateLimitedLast() {
        return all.stream()
                .sorted(Comparator.comparing(source -> !source.isUsable(RequestKind.REVALIDATION)))
                .toList();
    }

    private <A> A first(RequestKind kind, Function<HttpUpstream, A> request) {
        return first(kind, all, request);
    }

    private <A> A first(RequestKind kind, List<HttpUpstream> candidates, Function<HttpUpstream, A> request) {
        // If all sources are down, they are asked all the same, so that a download notices when one is back.
        boolean anyUsable = candidates.stream().anyMatch(source -> source.isUsable(kind));
        Map<HttpUpstream, RegistryException> failures = new LinkedHashMap<>();
        for (HttpUpstream source : candidates) {
            try {
                if (anyUsable) {
                    source.checkUsable(kind);
                }
                return request.apply(source);
            } catch (RegistryException e) {
                LOG.debug("{}; trying the next source", e.getMessage());
                failures.put(source, e);
            }
        }
        throw combined(failures);
    }

    /** Returns the registry's failure with the messages of the mirrors' failures. */
    private RegistryException combined(Map<HttpUpstream, RegistryException> failures) {
        List<RegistryException> others = new ArrayList<>(failures.values());
        RegistryException ofRegistry = failures.get(registry);
        RegistryException own = ofRegistry != null ? ofRegistry : others.get(others.size() - 1);
        others.remove(own);
        if (others.isEmpty()) {
            return own;
        }
        String messages = others.stream().map(RegistryException::getMessage).collect(Collectors.joining("; "));
        Optional<Duration> wait = failures.values().stream()
                .flatMap(each -> each.retryAfter().stream())
                .min(Duration::compareTo);
        return new RegistryException(
                own.code(), own.getMessage() + "; failures of its mirrors: " + messages, own, wait.orElse(null));
    }

    private static void verify(ManifestAnswer answer, Reference reference, HttpUpstream source) {
        try {
            Manifest manifest = Manifest.parse(answer.bytes(), answer.contentType());
            if (!(reference instanceof Digest digest) || manifest.hasDigest(digest)) {
                return;
            }
            throw wrong(source, "it sent manifest " + manifest.digest() + " for " + digest);
        } catch (RegistryException e) {
            if (reference instanceof Digest) {
                LOG.error(
                        "{} sent wrong content for {}; trying the next source: {}", source, reference, e.getMessage());
            }
            throw wrong(source, e.getMessage());
        }
    }

    /**
     * Returns true if a mirror's answer is a usable list.
     *
     * <p>An empty list of referrers is believed only from a caching mirror, which asked the registry itself. Other
     * mirrors may not have copied the referrers, and a signed image must not look unsigned. An empty page after the
     * first one is believed from any mirror.
     */
    private static boolean isReliable(HttpUpstream source, String path, ListAnswer answer, boolean isLaterPage) {
        if (!answer.isFound()) {
            return false;
        }
        try {
            if (path.startsWith("referrers/")) {
                Optional<ReferrerList> list = answer.contentType().equals(MediaType.OCI_INDEX)
                        ? ReferrerList.parse(answer.bytes())
                        : Optional.empty();
                return list.filter(found -> isLaterPage || source.isPullThroughMirror() || !found.isEmpty())
                        .isPresent();
            }
            TagList.parse(answer.bytes());
            return true;
        } catch (RegistryException e) {
            return false;
        }
    }

    private static RegistryException staleAnswer(HttpUpstream source) {
        return new RegistryException(
                ErrorCode.UPSTREAM_BAD_ANSWER, source + ": it sent a Warning that its answer may be stale");
    }

    private static RegistryException wrong(HttpUpstream source, String reason) {
        return new RegistryException(ErrorCode.UPSTREAM_WRONG_CONTENT, source + ": " + reason);
    }
}
