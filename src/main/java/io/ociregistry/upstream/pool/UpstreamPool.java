package io.ociregistry.upstream.pool;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import io.ociregistry.config.ProxyEnvironment;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.model.RegistryMatcher;
import io.ociregistry.config.model.Timeouts;
import io.ociregistry.config.model.UnlistedRegistries;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.upstream.net.UpstreamClients;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The upstreams of one configuration: all that it names, and as many as fit of those that clients named. */
final class UpstreamPool {
    /** Clients can name any number of registries that have no entry, or a wildcard: so many of either kind are kept. */
    static final int MOST = 256;

    private final UpstreamFactory factory;
    private final UnlistedRegistries policy;
    private final Timeouts timeouts;
    private final ProxyEnvironment environment;
    private final RegistryMatcher<UpstreamConfig> configured;
    private final UpstreamClients forUnlisted;
    private final Map<RegistryName, PooledUpstream> listed = new HashMap<>();
    private final Cache<RegistryName, PooledUpstream> ofWildcards = cache();
    private final Cache<RegistryName, PooledUpstream> unlisted = cache();

    /** Those of a configuration. What is reached as it was before is taken over from those before it, with what it knows. */
    UpstreamPool(ServerConfig config, UpstreamFactory factory, Optional<UpstreamPool> before) {
        this.factory = factory;
        this.policy = config.unlistedRegistries();
        this.timeouts = config.timeouts();
        this.environment = config.proxyEnvironment();
        this.configured = new RegistryMatcher<>(config.registries(), entry -> entry);
        this.forUnlisted = before.filter(this::reachesUnlistedAs)
                .map(known -> known.forUnlisted)
                .orElseGet(() -> factory.forUnlisted(timeouts, environment));
        Map<RegistryName, PooledUpstream> old = before.map(UpstreamPool::byName).orElse(Map.of());
        config.registries().stream().filter(entry -> !entry.isWildcard()).forEach(entry -> {
            RegistryName name = RegistryName.parse(entry.name());
            listed.put(name, connect(name, Optional.ofNullable(old.get(name))));
        });
        old.forEach((name, connected) -> {
            if (find(name).isEmpty() && mayAsk(name)) {
                others(name).put(name, connect(name, Optional.of(connected)));
            }
        });
    }

    private static Cache<RegistryName, PooledUpstream> cache() {
        return Caffeine.newBuilder()
                .maximumSize(MOST)
                .removalListener(
                        (@Nullable RegistryName name, @Nullable PooledUpstream connected, RemovalCause cause) -> {
                            if (cause.wasEvicted() && connected != null) {
                                connected.retire();
                                connected.line().executors().retire();
                            }
                        })
                .build();
    }

    private boolean reachesUnlistedAs(UpstreamPool other) {
        return policy == other.policy && timeouts.equals(other.timeouts) && environment.equals(other.environment);
    }

    /** The one of that name, if it is known. */
    Optional<PooledUpstream> find(RegistryName name) {
        return Optional.ofNullable(listed.get(name))
                .or(() -> Optional.ofNullable(ofWildcards.getIfPresent(name)))
                .or(() -> Optional.ofNullable(unlisted.getIfPresent(name)));
    }

    /**
     * The one of that name, which is known from now on.
     *
     * @throws RegistryException {@link ErrorCode#DENIED} if it may not be asked
     */
    PooledUpstream get(RegistryName name) {
        Optional<PooledUpstream> known = find(name);
        if (known.isPresent()) {
            return known.get();
        }
        if (!mayAsk(name)) {
            throw new RegistryException(
                    ErrorCode.DENIED,
                    name
                            + " is not among the configured registries, and unlistedRegistries is deny; add it under registries if it is meant");
        }
        return others(name).get(name, unknown -> connect(unknown, Optional.empty()));
    }

    Stream<PooledUpstream> all() {
        return Stream.of(listed, ofWildcards.asMap(), unlisted.asMap()).flatMap(some -> some.values().stream());
    }

    /** Retires those that the ones after it did not take over. */
    void retireBut(UpstreamPool after) {
        List<PooledUpstream> kept = after.all().toList();
        List<PooledUpstream.Line> lines =
                kept.stream().map(PooledUpstream::line).toList();
        all().filter(connected -> !kept.contains(connected)).forEach(connected -> {
            connected.retire();
            if (!lines.contains(connected.line())) {
                connected.line().executors().retire();
            }
        });
        if (after.forUnlisted != forUnlisted) {
            forUnlisted.retire();
        }
    }

    private boolean mayAsk(RegistryName name) {
        return policy == UnlistedRegistries.ALLOW || configured.find(name).isPresent();
    }

    private Cache<RegistryName, PooledUpstream> others(RegistryName name) {
        return configured.find(name).isPresent() ? ofWildcards : unlisted;
    }

    private PooledUpstream connect(RegistryName name, Optional<PooledUpstream> before) {
        Optional<UpstreamConfig> entry = configured.find(name).map(found -> found.named(name));
        UpstreamSettings reach = new UpstreamSettings(name, entry, timeouts, environment);
        return before.filter(known -> known.reach().equals(reach))
                .orElseGet(() -> factory.connect(reach, forUnlisted, before));
    }

    private Map<RegistryName, PooledUpstream> byName() {
        return all().collect(Collectors.toMap(connected -> connected.reach().name(), Function.identity()));
    }
}
