package io.ociregistry.config;

import static io.ociregistry.config.yaml.Key.optional;

import io.ociregistry.config.model.AdminConfig;
import io.ociregistry.config.model.CacheConfig;
import io.ociregistry.config.model.ClientsConfig;
import io.ociregistry.config.model.ListConfig;
import io.ociregistry.config.model.LogLevel;
import io.ociregistry.config.model.PruneConfig;
import io.ociregistry.config.model.ServerTlsConfig;
import io.ociregistry.config.model.Timeouts;
import io.ociregistry.config.model.UnlistedRegistries;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.config.yaml.Key;
import io.ociregistry.config.yaml.ObjectType;
import io.ociregistry.config.yaml.Scalar;
import io.ociregistry.config.yaml.ValueType;
import io.ociregistry.oci.Platforms;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The keys at the top level of the configuration file. A new key needs a constant, an entry in {@link #ALL} and an
 * accessor in {@link ServerConfig}. {@link Key#reloadable()} marks a key that a reload applies.
 */
public final class ServerKeys {
    private static final long MAX_MANIFEST = 64L << 20;
    private static final String NOT_YET = "has no effect in this build";

    public static final Key<LogLevel> LOG_LEVEL = key(
                    "logLevel", Scalar.oneOf(LogLevel.class), LogLevel.ERROR, "debug, warn, info or error")
            .reloadable();
    public static final Key<Optional<Path>> LOG_FILE = optional(
                    "logFile", Scalar.PATH, "the file for log lines, instead of the console")
            .reloadable();
    public static final Key<Optional<String>> CONFIG_FILE = optional(
                    "configFile", Scalar.TEXT, "accepted for the Go program's files, and ignored")
            .withoutEffect(
                    "has no effect in a configuration file; remove it, and name the file by --config-file or OCIREGISTRY_CONFIG");
    public static final Key<Path> IMAGE_PATH =
            key("imagePath", Scalar.PATH, Path.of("/var/lib/ociregistry"), "the directory of the cache");
    public static final Key<Optional<String>> PRELOAD_IMAGES =
            optional("preloadImages", Scalar.TEXT, "image lists or archives to load while serving");
    public static final Key<Optional<String>> IMAGE_FILE = optional(
                    "imageFile", Scalar.TEXT, "image lists or archives for the command load")
            .reloadable();
    public static final Key<Optional<String>> RESOLVE_REF = optional(
                    "resolveRef",
                    Scalar.TEXT,
                    "the name for an image without a name in an archive, or the repository for images that have only a tag")
            .reloadable();
    public static final Key<String> HOST = key("host", Scalar.TEXT, "0.0.0.0", "the address to listen on");
    public static final Key<Integer> PORT = key("port", Scalar.PORT, 8080, "the port to listen on; 0 takes a free one");
    public static final Key<String> OS = key(
                    "os", Scalar.TEXT, GoPlatform.os(), "the operating system of the images to load")
            .reloadable();
    public static final Key<String> ARCH = key(
                    "arch", Scalar.TEXT, GoPlatform.arch(), "the processor of the images to load")
            .reloadable();
    public static final Key<Duration> PULL_TIMEOUT = key(
                    "pullTimeout",
                    Scalar.MILLISECONDS,
                    Duration.ofSeconds(60),
                    "how long a registry may send nothing before a load stops asking it, in milliseconds or like 60s")
            .reloadable();
    public static final Key<Optional<Platforms>> PLATFORM = optional(
                    "platform", Scalar.PLATFORMS, "the platforms of the images to load, instead of os and arch, or all")
            .reloadable();
    public static final Key<Integer> PARALLEL = key(
                    "parallel", Scalar.integer(1, 64), 4, "how many images are loaded at a time")
            .reloadable();
    public static final Key<Boolean> WITH_REFERRERS = key(
                    "withReferrers",
                    Scalar.BOOLEAN,
                    false,
                    "whether referrers such as signatures are loaded with their images")
            .reloadable();
    public static final Key<Integer> HEALTH = key(
                    "health", Scalar.PORT, 0, "a separate port for health checks; 0 is none")
            .withoutEffect(NOT_YET);
    public static final Key<Integer> METRICS = key("metrics", Scalar.PORT, 0, "a separate port for metrics; 0 is none")
            .withoutEffect(NOT_YET);
    public static final Key<Boolean> ALWAYS_PULL_LATEST = key(
                    "alwaysPullLatest", Scalar.BOOLEAN, false, "revalidate the tag latest on every request")
            .reloadable();
    public static final Key<Boolean> AIR_GAPPED = key(
            "airGapped",
            Scalar.BOOLEAN,
            false,
            "never ask an upstream; content that is not cached is answered with" + " 404");
    public static final Key<Boolean> HELLO_WORLD = key(
            "helloWorld",
            Scalar.BOOLEAN.checked(ServerKeys::helloWorld),
            false,
            "the mode of the Go program that serves one embedded image; only false is accepted");
    public static final Key<Optional<String>> DEFAULT_NS = optional(
                    "defaultNs", RegistryKeys.NAME_TYPE, "the registry for requests that name none")
            .reloadable();
    public static final Key<List<UpstreamConfig>> REGISTRIES = key(
                    "registries", new RegistryList(), List.of(), "settings of upstream registries")
            .reloadable();
    public static final Key<UnlistedRegistries> UNLISTED_REGISTRIES = key(
                    "unlistedRegistries",
                    Scalar.oneOf(UnlistedRegistries.class),
                    UnlistedRegistries.ALLOW,
                    "allow or deny requests for registries without an entry")
            .reloadable();
    public static final Key<PruneConfig> PRUNE_CONFIG = key(
                    "pruneConfig", SectionKeys.PRUNE_TYPE, PruneConfig.DEFAULT, "background pruning")
            .reloadable();
    public static final Key<ListConfig> LIST_CONFIG = key(
                    "listConfig", SectionKeys.LIST_TYPE, ListConfig.DEFAULT, "the output of the command list")
            .reloadable();
    public static final Key<ServerTlsConfig> SERVER_TLS_CONFIG =
            key("serverTlsConfig", SectionKeys.SERVER_TLS_TYPE, ServerTlsConfig.NONE, "TLS towards clients");
    public static final Key<ClientsConfig> CLIENTS =
            key("clients", ClientsKeys.TYPE, ClientsConfig.NONE, "the credentials that clients must send");
    public static final Key<Long> MAX_MANIFEST_BYTES = key(
            "maxManifestBytes",
            Scalar.size(1, MAX_MANIFEST),
            4_393_216L,
            "the maximum size of a manifest; the default is containerd's limit");
    public static final Key<Boolean> PREFETCH = key(
                    "prefetch",
                    Scalar.BOOLEAN,
                    true,
                    "whether all blobs of a fetched image are fetched in the background, even if the client disconnects")
            .reloadable();
    public static final Key<Duration> SHUTDOWN_TIMEOUT = key(
                    "shutdownTimeout",
                    Scalar.DURATION,
                    Duration.ofSeconds(25),
                    "how long a shutdown waits for requests in flight")
            .reloadable();
    public static final Key<Integer> RATE_LIMIT_STATUS = key(
                    "rateLimitStatus",
                    SectionKeys.RATE_LIMIT_TYPE,
                    429,
                    "the status during a rate limit of an upstream:" + " 429 or 503")
            .reloadable();
    public static final Key<Timeouts> TIMEOUTS = key(
                    "timeouts", SectionKeys.TIMEOUTS_TYPE, Timeouts.DEFAULT, "deadlines of requests to upstreams")
            .reloadable();

    public static final Key<CacheConfig> CACHE = key(
                    "cache", SectionKeys.CACHE_TYPE, CacheConfig.DEFAULT, "limits, pins and scrubbing of the cache")
            .reloadable();

    public static final Key<AdminConfig> ADMIN =
            key("admin", SectionKeys.ADMIN_TYPE, AdminConfig.DEFAULT, "the admin API: its port and its token");

    public static final List<Key<?>> ALL = List.of(
            LOG_LEVEL,
            LOG_FILE,
            CONFIG_FILE,
            IMAGE_PATH,
            PRELOAD_IMAGES,
            IMAGE_FILE,
            RESOLVE_REF,
            HOST,
            PORT,
            OS,
            ARCH,
            PULL_TIMEOUT,
            PLATFORM,
            PARALLEL,
            WITH_REFERRERS,
            HEALTH,
            METRICS,
            ALWAYS_PULL_LATEST,
            AIR_GAPPED,
            HELLO_WORLD,
            DEFAULT_NS,
            REGISTRIES,
            UNLISTED_REGISTRIES,
            PRUNE_CONFIG,
            LIST_CONFIG,
            SERVER_TLS_CONFIG,
            CLIENTS,
            MAX_MANIFEST_BYTES,
            PREFETCH,
            SHUTDOWN_TIMEOUT,
            RATE_LIMIT_STATUS,
            TIMEOUTS,
            CACHE,
            ADMIN);

    static final ObjectType<ServerConfig> TYPE = new ObjectType<>(ALL, (values, reporter) -> new ServerConfig(values));

    private ServerKeys() {}

    private static Optional<String> helloWorld(boolean wanted) {
        return wanted
                ? Optional.of("is not supported, because this server has no embedded image; remove it, and load"
                        + " an image with preloadImages")
                : Optional.empty();
    }

    private static <T> Key<T> key(String name, ValueType<T> type, T fallback, String doc) {
        return new Key<>(name, type, fallback, doc);
    }
}
