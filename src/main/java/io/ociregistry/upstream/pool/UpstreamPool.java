package io.ociregistry.upstream.pool;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import io.ociregistry.config.ProxyEnvironment;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerConfig.UnlistedRegistries;
import io.ociregistry.config.model.RegistryMatcher;
import io.ociregistry.config.model.Timeouts;
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

/** The upstreams of one configuration: all listed ones, and the recently used wildcard and unlisted ones. */
final class UpstreamPool {
    /** The limit for wildcard and for unlisted registries each, because clients can name any number of them. */
    static final int MAX_CACHED = 256;

    private final UpstreamFactory factory;
    private final UnlistedRegistries policy;
    private final Timeouts timeouts;
    private final ProxyEnvironment environment;
    private final RegistryMatcher<UpstreamConfig> configured;
    private final UpstreamClients forUnlisted;
    private final Map<RegistryName, PooledUpstream> listed = new HashMap<>();
    private final Cache<RegistryName, PooledUpstream> ofWildcards = cache();
    private final Cache<RegistryName, PooledUpstream> unlisted = cache();

    /** Creates the upstreams of a configuration; takes over each upstream of {@code before} with the same settings. */
    UpstreamPool(ServerConfig config, UpstreamFactory factory, Optional<UpstreamPool> before) {
        this.factory = factory;
        this.policy = config.unlistedRegistries();
        this.timeouts = config.timeouts();
        this.environment = config.proxyEnvironment();
        this.configured = new RegistryMatcher<>(config.registries(), entry -> entry);
        this.forUnlisted = before.filter(this::hasSameUnlistedSettings)
                .map(known -> known.forUnlisted)
                .orElseGet(() -> factory.unlistedClients(timeouts, environment));
        Map<RegistryName, PooledUpstream> old = before.map(UpstreamPool::byName).orElse(Map.of());
        config.registries().stream().filter(entry -> !entry.isWildcard()).forEach(entry -> {
            RegistryName name = RegistryName.parse(entry.name());
            listed.put(name, connect(name, Optional.ofNullable(old.get(name))));
        });
        old.forEach((name, connected) -> {
            if (find(name).isEmpty() && isAllowed(name)) {
                cacheOf(name).put(name, connect(name, Optional.of(connected)));
            }
        });
    }

    private static Cache<RegistryName, PooledUpstream> cache() {
        return Caffeine.newBuilder()
                .maximumSize(MAX_CACHED)
                .removalListener(
                        (@Nullable RegistryName name, @Nullable PooledUpstream connected, RemovalCause cause) -> {
                            if (cause.wasEvicted() && connected != null) {
                                connected.drain();
                                connected.resources().executors().releaseIdleThreads();
                            }
                        })
                .build();
    }

    private boolean hasSameUnlistedSettings(UpstreamPool other) {
        return policy == other.policy && timeouts.equals(other.timeouts) && environment.equals(other.environment);
    }

    /** Returns the upstream of that name, if it exists. */
    Optional<PooledUpstream> find(RegistryName name) {
        return Optional.ofNullable(listed.get(name))
                .or(() -> Optional.ofNullable(ofWildcards.getIfPresent(name)))
                .or(() -> Optional.ofNullable(unlisted.getIfPresent(name)));
    }

    /**
     * Returns the upstream of that name; creates it if it does not exist.
     *
     * @throws RegistryException {@link ErrorCode#DENIED} if the configuration does not allow that registry
     */
    PooledUpstream get(RegistryName name) {
        Optional<PooledUpstream> known = find(name);
        if (known.isPresent()) {
            return known.get();
        }
        if (!isAllowed(name)) {
            throw new RegistryException(
                    ErrorCode.DENIED,
                    name + " is not among the configured registries, and unlistedRegistries is deny;"
                            + " to allow it, add it under registries");
        }
        return cacheOf(name).get(name, unknown -> connect(unknown, Optional.empty()));
    }

    Stream<PooledUpstream> all() {
        return Stream.of(listed, ofWildcards.asMap(), unlisted.asMap()).flatMap(map -> map.values().stream());
    }

    /** Releases the upstreams and resources that the next pool did not take over. */
    void drainReplaced(UpstreamPool after) {
        List<PooledUpstream> kept = after.all().toList();
        List<PooledUpstream.Resources> resourcesInUse =
                kept.stream().map(PooledUpstream::resources).toList();
        all().filter(connected -> !kept.contains(connected)).forEach(connected -> {
            connected.drain();
            if (!resourcesInUse.contains(connected.resources())) {
                connected.resources().executors().releaseIdleThreads();
            }
        });
        if (after.forUnlisted != forUnlisted) {
            forUnlisted.drain();
        }
    }

    private boolean isAllowed(RegistryName name) {
        return policy == UnlistedRegistries.ALLOW || configured.find(name).isPresent();
    }

    private Cache<RegistryName, PooledUpstream> cacheOf(RegistryName name) {
        return configured.find(name).isPresent() ? ofWildcards : unlisted;
    }

    private PooledUpstream connect(RegistryName name, Optional<PooledUpstream> before) {
        Optional<UpstreamConfig> entry = configured.find(name).map(found -> found.forRegistry(name));
        UpstreamSettings settings = new UpstreamSettings(name, entry, timeouts, environment);
        return before.filter(known -> known.settings().equals(settings))
                .orElseGet(() -> factory.create(settings, forUnlisted, before));
    }

    private Map<RegistryName, PooledUpstream> byName() {
        return all().collect(Collectors.toMap(connected -> connected.settings().name(), Function.identity()));
    }
}
