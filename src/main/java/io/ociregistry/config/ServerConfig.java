package io.ociregistry.config;

import io.ociregistry.config.address.AddressRange;
import io.ociregistry.config.model.AdminConfig;
import io.ociregistry.config.model.CacheConfig;
import io.ociregistry.config.model.ClientsConfig;
import io.ociregistry.config.model.ListConfig;
import io.ociregistry.config.model.PruneConfig;
import io.ociregistry.config.model.ServerTlsConfig;
import io.ociregistry.config.model.Timeouts;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.config.yaml.Key;
import io.ociregistry.config.yaml.Values;
import io.ociregistry.oci.Platform;
import io.ociregistry.oci.Platforms;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The configuration of the server: a value for every key of {@link ServerKeys}, and the proxies. Immutable. */
public final class ServerConfig {
    /** The lowest level of messages that the server logs. */
    public enum LogLevel {
        DEBUG,
        WARN,
        INFO,
        ERROR
    }

    /** The format of log lines: text, or one JSON object for each line. */
    public enum LogFormat {
        TEXT,
        JSON
    }

    /** Whether requests for unlisted registries are allowed. */
    public enum UnlistedRegistries {
        ALLOW,
        DENY
    }

    private final Values values;
    private final ProxyEnvironment proxies;

    ServerConfig(Values values) {
        this(values, ProxyEnvironment.NONE);
    }

    private ServerConfig(Values values, ProxyEnvironment proxies) {
        this.values = values;
        this.proxies = proxies;
    }

    /** The configuration without a file. */
    public static ServerConfig defaults() {
        return new ServerConfig(Values.NONE);
    }

    /** Returns a copy with another value for one key. */
    public <T> ServerConfig with(Key<T> key, T value) {
        return new ServerConfig(values.with(key, value), proxies);
    }

    /** Returns a copy with the reloadable keys of another configuration; the other keys keep their values. */
    public ServerConfig reloaded(ServerConfig wanted) {
        Values next = values;
        for (Key<?> key : ServerKeys.ALL) {
            next = key.isReloadable() ? next.withValueFrom(key, wanted.values) : next;
        }
        return new ServerConfig(next, proxies);
    }

    /** Returns a copy with other proxies. */
    public ServerConfig with(ProxyEnvironment newProxies) {
        return new ServerConfig(values, newProxies);
    }

    public <T> T get(Key<T> key) {
        return values.get(key);
    }

    public LogLevel logLevel() {
        return values.get(ServerKeys.LOG_LEVEL);
    }

    public Optional<Path> logFile() {
        return values.get(ServerKeys.LOG_FILE);
    }

    public LogFormat logFormat() {
        return values.get(ServerKeys.LOG_FORMAT);
    }

    /** Returns the addresses of the reverse proxies whose {@code X-Forwarded-For} is read. */
    public List<AddressRange> trustedProxies() {
        return values.get(ServerKeys.TRUSTED_PROXIES);
    }

    public Path imagePath() {
        return values.get(ServerKeys.IMAGE_PATH);
    }

    public Optional<String> preloadImages() {
        return values.get(ServerKeys.PRELOAD_IMAGES);
    }

    public Optional<String> imageFile() {
        return values.get(ServerKeys.IMAGE_FILE);
    }

    public Optional<String> resolveRef() {
        return values.get(ServerKeys.RESOLVE_REF);
    }

    public String host() {
        return values.get(ServerKeys.HOST);
    }

    public int port() {
        return values.get(ServerKeys.PORT);
    }

    /** The port for health checks; 0 for none of its own. */
    public int healthPort() {
        return values.get(ServerKeys.HEALTH);
    }

    /** The port for metrics; 0 for none of its own. */
    public int metricsPort() {
        return values.get(ServerKeys.METRICS);
    }

    public String os() {
        return values.get(ServerKeys.OS);
    }

    public String arch() {
        return values.get(ServerKeys.ARCH);
    }

    public Duration pullTimeout() {
        return values.get(ServerKeys.PULL_TIMEOUT);
    }

    /** The platforms whose images are loaded: {@code platform}, otherwise {@code os} and {@code arch}. */
    public Platforms platforms() {
        return values.get(ServerKeys.PLATFORM).orElseGet(() -> Platforms.of(List.of(new Platform(os(), arch()))));
    }

    public int parallel() {
        return values.get(ServerKeys.PARALLEL);
    }

    public boolean withReferrers() {
        return values.get(ServerKeys.WITH_REFERRERS);
    }

    public boolean alwaysPullLatest() {
        return values.get(ServerKeys.ALWAYS_PULL_LATEST);
    }

    public boolean airGapped() {
        return values.get(ServerKeys.AIR_GAPPED);
    }

    public Optional<String> defaultNs() {
        return values.get(ServerKeys.DEFAULT_NS);
    }

    public List<UpstreamConfig> registries() {
        return values.get(ServerKeys.REGISTRIES);
    }

    public UnlistedRegistries unlistedRegistries() {
        return values.get(ServerKeys.UNLISTED_REGISTRIES);
    }

    public PruneConfig pruneConfig() {
        return values.get(ServerKeys.PRUNE_CONFIG);
    }

    public ListConfig listConfig() {
        return values.get(ServerKeys.LIST_CONFIG);
    }

    public ServerTlsConfig serverTlsConfig() {
        return values.get(ServerKeys.SERVER_TLS_CONFIG);
    }

    public ClientsConfig clients() {
        return values.get(ServerKeys.CLIENTS);
    }

    public long maxManifestBytes() {
        return values.get(ServerKeys.MAX_MANIFEST_BYTES);
    }

    public boolean prefetch() {
        return values.get(ServerKeys.PREFETCH);
    }

    public Duration shutdownTimeout() {
        return values.get(ServerKeys.SHUTDOWN_TIMEOUT);
    }

    public int rateLimitStatus() {
        return values.get(ServerKeys.RATE_LIMIT_STATUS);
    }

    public Timeouts timeouts() {
        return values.get(ServerKeys.TIMEOUTS);
    }

    public CacheConfig cache() {
        return values.get(ServerKeys.CACHE);
    }

    public ProxyEnvironment proxyEnvironment() {
        return proxies;
    }

    public AdminConfig admin() {
        return values.get(ServerKeys.ADMIN);
    }

    @Override
    public String toString() {
        return values.toString();
    }
}
