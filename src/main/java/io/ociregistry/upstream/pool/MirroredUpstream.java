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
 * A registry with mirrors: each is asked in turn, and the registry itself last, until one has what is wanted (ADR 17).
 *
 * <p>Only the registry can say that something does not exist; whatever else than the thing itself a mirror answers, the next one is asked. What
 * is known to be down or to limit us is left out. Manifests are verified where they were asked for by digest, and have to be manifests where
 * not; which blobs come from whom is {@link BlobSources}' business. Failures are the registry's, and tell those of the mirrors too.
 */
final class MirroredUpstream implements Upstream {
    private static final Logger LOG = LoggerFactory.getLogger(MirroredUpstream.class);
    private static final int LISTS = 256;

    private final HttpUpstream registry;
    private final List<HttpUpstream> all;
    private final BlobSources sources;
    /** Who knows the next page of a list. */
    private final Cache<List<String>, HttpUpstream> lists = Caffeine.newBuilder()
            .maximumSize(LISTS)
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
        throw together(reasons);
    }

    /** Of the source that is asked first. */
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
                    throw old(source);
                }
                return answer;
            });
        } catch (RegistryException e) {
            // What a cache had yesterday, unless the registry says that there is no such thing.
            if (stale.isEmpty() || !(e.code().isUpstreamFailure() || e.code() == ErrorCode.TOO_MANY_REQUESTS)) {
                throw e;
            }
            return stale.get(0);
        }
    }

    @Override
    public HeadAnswer headManifest(String repository, Reference reference) {
        return first(RequestKind.OTHER, spentLast(), source -> {
            HeadAnswer answer = source.headManifest(repository, reference);
            boolean another = reference instanceof Digest digest
                    && answer.digest().filter(told -> !told.equals(digest)).isPresent();
            if (source != registry && another) {
                throw wrong(source, "it names another digest for " + reference);
            }
            if (answer.stale()) {
                throw old(source);
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
                sources.inTurn(repository, digest),
                source -> sources.ask(source, repository, digest, from));
    }

    @Override
    public BlobAnswer blobPart(String repository, Digest digest, long from, long to) {
        return first(
                RequestKind.BLOB,
                sources.inTurn(repository, digest),
                source -> source.blobPart(repository, digest, from, to));
    }

    @Override
    public boolean hasOther(String repository, Digest digest) {
        return sources.hasOther(repository, digest);
    }

    @Override
    public boolean passOver(String repository, Digest digest) {
        return sources.passOver(repository, digest, registry);
    }

    @Override
    public ListAnswer list(String repository, String path, String query, long maxBytes) {
        HttpUpstream known = lists.getIfPresent(List.of(repository, path, query));
        List<HttpUpstream> asked = known != null ? List.of(known) : all;
        return first(RequestKind.OTHER, asked, source -> {
            ListAnswer answer = source.list(repository, path, query, maxBytes);
            if (source != registry && (answer.stale() || !tells(source, path, answer, known != null))) {
                throw wrong(source, "it has no list of " + path + " that can be relied on");
            }
            answer.next().ifPresent(next -> lists.put(List.of(repository, path, next), source));
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

    /** All sources, those last that say that no requests remain. */
    private List<HttpUpstream> spentLast() {
        return all.stream()
                .sorted(Comparator.comparing(source -> !source.isUsable(RequestKind.REVALIDATION)))
                .toList();
    }

    private <A> A first(RequestKind kind, Function<HttpUpstream, A> ask) {
        return first(kind, all, ask);
    }

    private <A> A first(RequestKind kind, List<HttpUpstream> some, Function<HttpUpstream, A> ask) {
        // Where all are down, asking is how a download finds out that one is back.
        boolean anyUsable = some.stream().anyMatch(source -> source.isUsable(kind));
        Map<HttpUpstream, RegistryException> failures = new LinkedHashMap<>();
        for (HttpUpstream source : some) {
            try {
                if (anyUsable) {
                    source.checkUsable(kind);
                }
                return ask.apply(source);
            } catch (RegistryException e) {
                LOG.debug("{}; going on to the next source", e.getMessage());
                failures.put(source, e);
            }
        }
        throw together(failures);
    }

    /** The registry's failure, and what the mirrors said. */
    private RegistryException together(Map<HttpUpstream, RegistryException> failures) {
        List<RegistryException> others = new ArrayList<>(failures.values());
        RegistryException registrys = failures.get(registry);
        RegistryException own = registrys != null ? registrys : others.get(others.size() - 1);
        others.remove(own);
        if (others.isEmpty()) {
            return own;
        }
        String said = others.stream().map(RegistryException::getMessage).collect(Collectors.joining("; "));
        Optional<Duration> wait = failures.values().stream()
                .flatMap(each -> each.retryAfter().stream())
                .min(Duration::compareTo);
        return new RegistryException(
                own.code(), own.getMessage() + "; of its mirrors: " + said, own, wait.orElse(null));
    }

    private static void verify(ManifestAnswer answer, Reference reference, HttpUpstream source) {
        try {
            Manifest manifest = Manifest.parse(answer.bytes(), answer.contentType());
            if (!(reference instanceof Digest digest) || manifest.is(digest)) {
                return;
            }
            throw wrong(source, "it sent the manifest " + manifest.digest() + " for " + digest);
        } catch (RegistryException e) {
            if (reference instanceof Digest) {
                LOG.error("{} sent something else for {}; passed over: {}", source, reference, e.getMessage());
            }
            throw wrong(source, e.getMessage());
        }
    }

    /**
     * Whether a mirror's list is one. That it lists no referrers is believed only where it asked the registry itself: others do not bring in what
     * they were not asked for, and a signed image must not pass for an unsigned one.
     */
    private static boolean tells(HttpUpstream source, String path, ListAnswer answer, boolean goesOn) {
        if (!answer.isFound()) {
            return false;
        }
        try {
            if (path.startsWith("referrers/")) {
                Optional<ReferrerList> list = answer.contentType().equals(MediaType.OCI_INDEX)
                        ? ReferrerList.parse(answer.bytes())
                        : Optional.empty();
                return list.filter(found -> goesOn || source.isCache() || !found.isEmpty())
                        .isPresent();
            }
            TagList.parse(answer.bytes());
            return true;
        } catch (RegistryException e) {
            return false;
        }
    }

    private static RegistryException old(HttpUpstream source) {
        return new RegistryException(
                ErrorCode.UPSTREAM_BAD_ANSWER, source + ": it says itself that what it has may be old");
    }

    private static RegistryException wrong(HttpUpstream source, String why) {
        return new RegistryException(ErrorCode.UPSTREAM_WRONG_CONTENT, source + ": " + why);
    }
}
