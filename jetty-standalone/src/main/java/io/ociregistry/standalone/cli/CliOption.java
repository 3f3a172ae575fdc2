package io.ociregistry.standalone.cli;

import io.ociregistry.config.ServerKeys;
import io.ociregistry.config.yaml.Key;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An option of the command line. Most options have a key of the configuration file and replace its value. */
public enum CliOption {
    LOG_LEVEL(
            "string", ServerKeys.LOG_LEVEL, "The lowest level of messages to log: debug, warn, info or error", "error"),
    CONFIG_FILE("file", null, "The configuration file; other options take precedence over its values", ""),
    CONFIG_PATH("file", null, "The old name of --config-file", ""),
    IMAGE_PATH("dir", ServerKeys.IMAGE_PATH, "The directory of the cache", "/var/lib/ociregistry"),
    LOG_FILE("file", ServerKeys.LOG_FILE, "The file for log lines, instead of the console", ""),
    LOG_FORMAT(
            "string", ServerKeys.LOG_FORMAT, "The format of log lines: text, or json with one object a line", "text"),
    HELP(null, null, "Shows this help", ""),

    PRELOAD_IMAGES(
            "file,...",
            ServerKeys.PRELOAD_IMAGES,
            "Loads images in the background after the start: image lists, one name per line, or archives; glob patterns"
                    + " in quotes",
            ""),
    HOST("address", ServerKeys.HOST, "The address to listen on", "0.0.0.0"),
    PORT("int", ServerKeys.PORT, "The port to listen on; 0 chooses a free port", "8080"),
    OS("string", ServerKeys.OS, "The operating system of the images to load", "this machine's"),
    ARCH("string", ServerKeys.ARCH, "The processor of the images to load", "this machine's"),
    PLATFORM(
            "platform,...|all",
            ServerKeys.PLATFORM,
            "The platforms of the images to load, instead of --os and --arch; for example linux/amd64,linux/arm64/v8",
            ""),
    PARALLEL("int", ServerKeys.PARALLEL, "The number of images to load at a time", "4"),
    WITH_REFERRERS(
            null,
            ServerKeys.WITH_REFERRERS,
            "Also loads the referrers of the images: signatures, attestations, SBOMs",
            ""),
    PULL_TIMEOUT(
            "ms",
            ServerKeys.PULL_TIMEOUT,
            "How long a registry may send nothing before a load stops asking it",
            "60000"),
    ALWAYS_PULL_LATEST(null, ServerKeys.ALWAYS_PULL_LATEST, "Revalidates the tag latest on every request", ""),
    HELLO_WORLD(
            null,
            ServerKeys.HELLO_WORLD,
            "A mode of the Go program that this server refuses, because it has no embedded image",
            ""),
    AIR_GAPPED(
            null, ServerKeys.AIR_GAPPED, "Never asks an upstream; content that is not cached is answered with 404", ""),
    HEALTH("int", ServerKeys.HEALTH, "A port of its own for health checks, over plain HTTP; 0 is none", "0"),
    METRICS(
            "int",
            ServerKeys.METRICS,
            "A port of its own for metrics, over plain HTTP and without a token; 0 is none",
            "0"),
    DEFAULT_NS("registry", ServerKeys.DEFAULT_NS, "The registry for requests that name none", ""),

    IMAGE_FILE(
            "file,...",
            ServerKeys.IMAGE_FILE,
            "The images to load: image lists, one name per line, or archives; glob patterns in quotes",
            ""),
    QUIET(null, null, "Prints only failures", ""),
    JSON(null, null, "Prints progress and results as lines of JSON", ""),
    RESOLVE_REF(
            "ref",
            ServerKeys.RESOLVE_REF,
            "The name for an image without a name in an archive, or the repository for images that have only a tag",
            ""),
    HEADER(null, null, "Prints a header line", ""),
    PATTERN("regex,...", null, "Selects the images whose names match one of these expressions", ""),
    SHORT_DIGEST(null, null, "Prints the first ten characters of digests", ""),
    OUTPUT(
            "table|wide|json|csv",
            null,
            "The output format; all but table have platforms and whether images are complete; times in json are in UTC",
            "table"),
    DIGESTS(
            null,
            null,
            "Prints the cached digests, sorted: of manifests, and of blobs that were verified or have the right size",
            ""),
    /** The option {@code --output} of {@code export}; that of {@code list} has another meaning. */
    OUTPUT_FILE("file|-", null, "The tar archive to write; - is standard output", "") {
        @Override
        public String longName() {
            return OUTPUT.longName();
        }
    },
    /** The option {@code --platform} of {@code export}; that of {@code load} has another default. */
    EXPORT_PLATFORM(
            "platform,...|all",
            null,
            "The platforms of the images to export; for example linux/amd64,linux/arm64/v8",
            "all") {
        @Override
        public String longName() {
            return PLATFORM.longName();
        }
    },
    SINCE(
            "time",
            null,
            "Selects the images that were cached or pulled at or after this time; for example 2026-03-01,"
                    + " 2026-03-01T22:17:31 (local time) or 2026-03-01T22:17:31Z",
            ""),
    EXCLUDE_FROM("file", null, "Leaves out the digests in this file, one per line, as list --digests prints them", ""),
    COMPLETE_ONLY(null, null, "Leaves out an index if one of its platforms is not cached", ""),
    SERVER(
            "url",
            null,
            "Uses the admin API of the server that uses the cache, and not the disk; for example http://localhost:8080",
            ""),
    TOKEN_FILE(
            "file",
            null,
            "The file with the server's token. Default: the environment variable OCIREGISTRY_TOKEN; for a server on"
                    + " this"
                    + " machine the token of the configuration, otherwise the file admin-token in the image path",
            ""),
    SERVER_CA(
            "file",
            null,
            "A PEM file of the CA certificates that verify the server. Default: those of the operating system",
            ""),
    DATE(
            "time",
            null,
            "Selects the images first pulled before this time; for example 2026-03-01T22:17:31 (local time) or"
                    + " 2026-03-01",
            ""),
    PRUNE_BEFORE("time", null, "The same as --date", ""),
    OLDER_THAN("age", null, "Selects the images first pulled longer ago than this; for example 30d or 12h", ""),
    UNUSED_FOR("age", null, "Selects the images that no client has pulled for this long; for example 30d or 12h", ""),
    COUNT("int", null, "The maximum number of images to prune, least recently pulled first", ""),
    MAX_SIZE("size", null, "Prunes only until the cache is no larger than this; for example 10GB", ""),
    DRY_RUN(null, null, "Only prints what would be pruned", ""),
    REPAIR(
            null,
            null,
            "Quarantines corrupt files, and fetches them and missing files again; no server may use the cache",
            ""),
    DIR("dir", null, "The directory of containerd's hosts.toml files, its config_path", "/etc/containerd/certs.d"),
    /** The option {@code --server} of {@code hosts}; that of other commands has another meaning. */
    HOSTS_SERVER("url", null, "The server that nodes pull from; for example http://192.0.2.10:8080", "") {
        @Override
        public String longName() {
            return SERVER.longName();
        }
    },
    REGISTRY("name,...", null, "Writes or removes the files of these registries, instead of the file for all", ""),
    CA("file", null, "A PEM file on this machine with the CA certificates that verify the server, for containerd", ""),
    REMOVE(null, null, "Removes the files that this command wrote; without --registry all of them", "");

    private final Optional<String> argument;

    @SuppressWarnings("ImmutableEnumChecker") // Key is immutable, but Optional is not annotated as such.
    private final Optional<Key<?>> key;

    private final String doc;

    CliOption(@Nullable String argument, @Nullable Key<?> key, String doc, String fallback) {
        this.argument = Optional.ofNullable(argument);
        this.key = Optional.ofNullable(key);
        this.doc = fallback.isEmpty() ? doc : doc + " (default: " + fallback + ")";
    }

    /** The name without the dashes: {@code log-level}. */
    public String longName() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The placeholder of the value in help texts; an option without one is a switch. */
    public Optional<String> argument() {
        return argument;
    }

    /** Whether the value is the path of a file. */
    public boolean isFile() {
        return argument.filter(placeholder -> placeholder.startsWith("file")).isPresent();
    }

    public Optional<Key<?>> key() {
        return key;
    }

    public String doc() {
        return doc;
    }

    @Override
    public String toString() {
        return "--" + longName();
    }
}
