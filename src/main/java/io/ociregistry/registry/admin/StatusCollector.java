package io.ociregistry.registry.admin;

import io.ociregistry.common.BuildInfo;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.registry.blob.BlobService;
import io.ociregistry.registry.blob.BlobService.InFlightBlob;
import io.ociregistry.registry.load.PreloadStatus;
import io.ociregistry.registry.policy.RegistryTrust;
import io.ociregistry.registry.policy.RuntimeConfig;
import io.ociregistry.store.StoreStatus;
import io.ociregistry.upstream.Upstream;
import io.ociregistry.upstream.Upstreams;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Collects the status of a running server; the uptime counts from the creation of this object. Thread-safe. */
public final class StatusCollector {
    /** Less free space than this does not take a usual layer. */
    private static final long FULL = 1 << 20;

    private final Supplier<RuntimeConfig> config;
    private final StoreStatus store;
    private final LiveContents contents;
    private final BlobService blobs;
    private final Upstreams upstreams;
    private final Clock clock;
    private final Instant started;

    public StatusCollector(
            Supplier<RuntimeConfig> config,
            StoreStatus store,
            LiveContents contents,
            BlobService blobs,
            Upstreams upstreams,
            Clock clock) {
        this.config = config;
        this.store = store;
        this.contents = contents;
        this.blobs = blobs;
        this.upstreams = upstreams;
        this.clock = clock;
        this.started = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    }

    /** Reads the usage of the disk; sends no request to an upstream. */
    ServerStatus collect(Optional<PreloadStatus> preload) {
        Duration uptime = Duration.between(started, clock.instant());
        return new ServerStatus(
                BuildInfo.read().version(),
                started.toString(),
                uptime.toSeconds(),
                config.get().config().airGapped(),
                disk(),
                contents.counts(),
                upstreams(),
                preload.orElse(null),
                blobs.inFlight().stream().map(this::download).toList());
    }

    /** See {@link Admin#probe}. */
    List<ProbedSource> probe(Optional<RegistryName> registry) {
        List<Upstream> asked = upstreams.known().stream()
                .filter(upstream -> registry.isEmpty() || upstream.name().equals(registry.get()))
                .sorted(Comparator.comparing(upstream -> upstream.name().toString()))
                .toList();
        if (asked.isEmpty() && registry.isPresent()) {
            throw new RegistryException(
                    ErrorCode.NAME_UNKNOWN,
                    "the registry " + registry.get() + " can't be probed: it is not configured, and no client used it");
        }
        return asked.stream()
                .flatMap(upstream -> upstream.probeNow().stream()
                        .map(url -> new ProbedSource(upstream.name().toString(), url)))
                .toList();
    }

    private ServerStatus.Disk disk() {
        try {
            var usage = store.usage();
            return new ServerStatus.Disk(
                    store.location(),
                    usage.used(),
                    usage.free(),
                    usage.total(),
                    config.get().config().cache().maxSize().orElse(null),
                    !store.isWritable(),
                    warning(usage));
        } catch (IOException e) {
            throw new RegistryException(ErrorCode.STORE_FAILED, "the usage of the cache's disk can't be read: " + e, e);
        }
    }

    private ServerStatus.Download download(InFlightBlob blob) {
        return new ServerStatus.Download(
                blob.digest(),
                blob.source(),
                contents.known().imagesWith(Digest.parse(blob.digest()), RegistryName.parse(blob.source())),
                blob.bytes(),
                blob.size());
    }

    private @Nullable String warning(StoreStatus.Usage usage) {
        List<String> warnings = Stream.of(store.warning(), full(usage), store.unreadable())
                .flatMap(Optional::stream)
                .toList();
        return warnings.isEmpty() ? null : String.join("; ", warnings);
    }

    private static Optional<String> full(StoreStatus.Usage usage) {
        return usage.free() < FULL
                ? Optional.of("the disk of the cache is full (" + usage.free()
                        + " bytes free): new content is not stored; prune, make room, or set cache.maxSize")
                : Optional.empty();
    }

    private List<UpstreamState> upstreams() {
        RegistryTrust trust = config.get().trust();
        return upstreams.known().stream()
                .map(upstream -> UpstreamState.of(upstream, trust.isConfigured(upstream.name())))
                .sorted(Comparator.comparing(UpstreamState::registry))
                .toList();
    }
}
