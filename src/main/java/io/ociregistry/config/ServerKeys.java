package io.ociregistry.config;

import static io.ociregistry.config.yaml.Key.optional;

import io.ociregistry.config.ServerConfig.LogFormat;
import io.ociregistry.config.ServerConfig.LogLevel;
import io.ociregistry.config.ServerConfig.UnlistedRegistries;
import io.ociregistry.config.address.AddressRange;
import io.ociregistry.config.address.IpLiteral;
import io.ociregistry.config.model.AdminConfig;
import io.ociregistry.config.model.CacheConfig;
import io.ociregistry.config.model.ClientsConfig;
import io.ociregistry.config.model.ListConfig;
import io.ociregistry.config.model.PruneConfig;
import io.ociregistry.config.model.ServerTlsConfig;
import io.ociregistry.config.model.Timeouts;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.config.yaml.Key;
import io.ociregistry.config.yaml.ObjectType;
import io.ociregistry.config.yaml.Scalar;
import io.ociregistry.config.yaml.ValueType.OneOrMore;
import io.ociregistry.oci.Platforms;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The keys at the top level of the configuration file. A new key needs a constant and an accessor in
 * {@link ServerConfig}. {@link Key#reloadable()} marks a key that a reload applies.
 */
public final class ServerKeys {
    private static final List<Key<?>> DEFINED = new ArrayList<>();
    private static final long MAX_MANIFEST = 64L << 20;
    private static final Scalar<Integer> RATE_LIMIT = Scalar.integer(0, 999)
            .checked(status -> status == 429 || status == 503 ? Optional.empty() : Optional.of("must be 429 or 503"));

    public static final Key<LogLevel> LOG_LEVEL =
            define(new Key<>("logLevel", Scalar.oneOf(LogLevel.class), LogLevel.ERROR).reloadable());
    public static final Key<Optional<Path>> LOG_FILE =
            define(optional("logFile", Scalar.PATH).reloadable());
    public static final Key<LogFormat> LOG_FORMAT =
            define(new Key<>("logFormat", Scalar.oneOf(LogFormat.class), LogFormat.TEXT).reloadable());
    public static final Key<List<AddressRange>> TRUSTED_PROXIES = define(
            new Key<>("trustedProxies", new OneOrMore<>(new Scalar<>(ServerKeys::addresses)), List.<AddressRange>of())
                    .reloadable());
    public static final Key<Optional<String>> CONFIG_FILE = define(optional("configFile", Scalar.TEXT)
            .withoutEffect("has no effect in a configuration file; remove it, and name the file by --config-file or"
                    + " OCIREGISTRY_CONFIG"));
    public static final Key<Path> IMAGE_PATH =
            define(new Key<>("imagePath", Scalar.PATH, Path.of("/var/lib/ociregistry")));
    public static final Key<Optional<String>> PRELOAD_IMAGES = define(optional("preloadImages", Scalar.TEXT));
    public static final Key<Optional<String>> IMAGE_FILE =
            define(optional("imageFile", Scalar.TEXT).reloadable());
    public static final Key<Optional<String>> RESOLVE_REF =
            define(optional("resolveRef", Scalar.TEXT).reloadable());
    public static final Key<String> HOST = define(new Key<>("host", Scalar.TEXT, "0.0.0.0"));
    public static final Key<Integer> PORT = define(new Key<>("port", Scalar.PORT, 8080));
    public static final Key<String> OS = define(new Key<>("os", Scalar.TEXT, GoPlatform.os()).reloadable());
    public static final Key<String> ARCH = define(new Key<>("arch", Scalar.TEXT, GoPlatform.arch()).reloadable());
    public static final Key<Duration> PULL_TIMEOUT =
            define(new Key<>("pullTimeout", Scalar.MILLISECONDS, Duration.ofSeconds(60)).reloadable());
    public static final Key<Optional<Platforms>> PLATFORM =
            define(optional("platform", Scalar.PLATFORMS).reloadable());
    public static final Key<Integer> PARALLEL = define(new Key<>("parallel", Scalar.integer(1, 64), 4).reloadable());
    public static final Key<Boolean> WITH_REFERRERS =
            define(new Key<>("withReferrers", Scalar.BOOLEAN, false).reloadable());
    public static final Key<Integer> HEALTH = define(new Key<>("health", Scalar.PORT, 0));
    public static final Key<Integer> METRICS = define(new Key<>("metrics", Scalar.PORT, 0));
    public static final Key<Boolean> ALWAYS_PULL_LATEST =
            define(new Key<>("alwaysPullLatest", Scalar.BOOLEAN, false).reloadable());
    public static final Key<Boolean> AIR_GAPPED = define(new Key<>("airGapped", Scalar.BOOLEAN, false));
    public static final Key<Boolean> HELLO_WORLD =
            define(new Key<>("helloWorld", Scalar.BOOLEAN.checked(ServerKeys::helloWorld), false));
    public static final Key<Optional<String>> DEFAULT_NS =
            define(optional("defaultNs", UpstreamConfig.NAME_TYPE).reloadable());
    public static final Key<List<UpstreamConfig>> REGISTRIES =
            define(new Key<>("registries", new UpstreamConfig.Registries(), List.of()).reloadable());
    public static final Key<UnlistedRegistries> UNLISTED_REGISTRIES =
            define(new Key<>("unlistedRegistries", Scalar.oneOf(UnlistedRegistries.class), UnlistedRegistries.ALLOW)
                    .reloadable());
    public static final Key<PruneConfig> PRUNE_CONFIG =
            define(new Key<>("pruneConfig", PruneConfig.KEYS, PruneConfig.DEFAULT).reloadable());
    public static final Key<ListConfig> LIST_CONFIG =
            define(new Key<>("listConfig", ListConfig.KEYS, ListConfig.DEFAULT).reloadable());
    public static final Key<ServerTlsConfig> SERVER_TLS_CONFIG =
            define(new Key<>("serverTlsConfig", ServerTlsConfig.KEYS, ServerTlsConfig.NONE));
    public static final Key<ClientsConfig> CLIENTS =
            define(new Key<>("clients", ClientsConfig.KEYS, ClientsConfig.NONE));
    public static final Key<Long> MAX_MANIFEST_BYTES =
            define(new Key<>("maxManifestBytes", Scalar.size(1, MAX_MANIFEST), 4_393_216L));
    public static final Key<Boolean> PREFETCH = define(new Key<>("prefetch", Scalar.BOOLEAN, true).reloadable());
    public static final Key<Duration> SHUTDOWN_TIMEOUT =
            define(new Key<>("shutdownTimeout", Scalar.DURATION, Duration.ofSeconds(25)).reloadable());
    public static final Key<Integer> RATE_LIMIT_STATUS =
            define(new Key<>("rateLimitStatus", RATE_LIMIT, 429).reloadable());
    public static final Key<Timeouts> TIMEOUTS =
            define(new Key<>("timeouts", Timeouts.KEYS, Timeouts.DEFAULT).reloadable());

    public static final Key<CacheConfig> CACHE =
            define(new Key<>("cache", CacheConfig.KEYS, CacheConfig.DEFAULT).reloadable());

    public static final Key<AdminConfig> ADMIN = define(new Key<>("admin", AdminConfig.KEYS, AdminConfig.DEFAULT));

    /** All keys, in the order of their definition. */
    public static final List<Key<?>> ALL = List.copyOf(DEFINED);

    static final ObjectType<ServerConfig> TYPE = new ObjectType<>(ALL, (values, reporter) -> new ServerConfig(values));

    private ServerKeys() {}

    private static Optional<String> helloWorld(boolean wanted) {
        return wanted
                ? Optional.of("is not supported, because this server has no embedded image; remove it, and load"
                        + " an image with preloadImages")
                : Optional.empty();
    }

    private static AddressRange addresses(String text) {
        Optional<AddressRange> single =
                IpLiteral.parse(text).flatMap(one -> AddressRange.of(text + "/" + one.getAddress().length * Byte.SIZE));
        return single.or(() -> AddressRange.of(text))
                .orElseThrow(() -> new IllegalArgumentException("'" + text
                        + "' is neither an address nor a block of addresses; write for example 127.0.0.1 or"
                        + " 10.0.0.0/8"));
    }

    private static <T> Key<T> define(Key<T> key) {
        DEFINED.add(key);
        return key;
    }
}
