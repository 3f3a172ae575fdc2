package io.ociregistry.standalone.cli;

import io.ociregistry.config.ServerKeys;
import io.ociregistry.config.yaml.Key;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An option of the command line. Most stand for a key of the configuration file, whose value they beat. */
public enum CliOption {
    LOG_LEVEL(
            "string", ServerKeys.LOG_LEVEL, "The least important messages to log: debug, warn, info or error", "error"),
    CONFIG_FILE("file", null, "Where the configuration is; the other options beat what it says", ""),
    CONFIG_PATH("file", null, "The old name of --config-file", ""),
    IMAGE_PATH("dir", ServerKeys.IMAGE_PATH, "Where the image cache is", "/var/lib/ociregistry"),
    LOG_FILE("file", ServerKeys.LOG_FILE, "Where log lines go instead of the console", ""),
    HELP(null, null, "Shows this help", ""),

    PRELOAD_IMAGES(
            "file,...",
            ServerKeys.PRELOAD_IMAGES,
            "Loads the images that these files list while serving: files of names, one a line, or patterns in quotes",
            ""),
    HOST("address", ServerKeys.HOST, "The address to listen on", "0.0.0.0"),
    PORT("int", ServerKeys.PORT, "The port to listen on; 0 takes a free one", "8080"),
    OS("string", ServerKeys.OS, "Whose images to load: an operating system", "this machine's"),
    ARCH("string", ServerKeys.ARCH, "Whose images to load: a processor", "this machine's"),
    PLATFORM(
            "platform,...|all",
            ServerKeys.PLATFORM,
            "Whose images to load, instead of --os and --arch: like linux/amd64,linux/arm64/v8",
            ""),
    PARALLEL("int", ServerKeys.PARALLEL, "How many images to load at a time", "4"),
    WITH_REFERRERS(
            null, ServerKeys.WITH_REFERRERS, "Loads what refers to images too: signatures, attestations, SBOMs", ""),
    PULL_TIMEOUT(
            "ms",
            ServerKeys.PULL_TIMEOUT,
            "How long a registry may send nothing before a load gives up what is still to come from it",
            "60000"),
    ALWAYS_PULL_LATEST(null, ServerKeys.ALWAYS_PULL_LATEST, "Asks the upstream again for every latest", ""),
    HELLO_WORLD(null, ServerKeys.HELLO_WORLD, "Serves one embedded image and nothing else", ""),
    AIR_GAPPED(null, ServerKeys.AIR_GAPPED, "Never calls an upstream: what is not cached is not found", ""),
    HEALTH("int", ServerKeys.HEALTH, "A port for health checks alone; 0 is none", "0"),
    METRICS("int", ServerKeys.METRICS, "A port for metrics alone; 0 is none", "0"),
    DEFAULT_NS("registry", ServerKeys.DEFAULT_NS, "The registry of requests that name none", ""),

    IMAGE_FILE(
            "file,...",
            ServerKeys.IMAGE_FILE,
            "The images to load: files, or patterns in quotes; lists of names, one a line, or tarballs",
            ""),
    QUIET(null, null, "Prints nothing but failures", ""),
    JSON(null, null, "Prints what happens as lines of JSON", ""),
    RESOLVE_REF(
            "ref",
            ServerKeys.RESOLVE_REF,
            "The name of an image in a tarball that has none, or the repository of those that have only a tag",
            ""),
    HEADER(null, null, "Prints a line of headings", ""),
    PATTERN("regex,...", null, "Chooses the images whose name matches one of these", ""),
    SHORT_DIGEST(null, null, "Prints ten characters of a digest", ""),
    OUTPUT(
            "table|json|wide",
            null,
            "How to print: wide and json have platforms and what is complete, json is in UTC",
            "table"),
    DIGESTS(
            null,
            null,
            "Prints what is here, sorted: the digests of manifests, and of blobs that were verified or have the right size",
            ""),
    /** {@code list} has another option of that name. */
    OUTPUT_FILE("file|-", null, "The archive to write, a tar; - is standard output", "") {
        @Override
        public String longName() {
            return OUTPUT.longName();
        }
    },
    /** So does {@code load}, where not all platforms are the default. */
    EXPORT_PLATFORM("platform,...|all", null, "Whose images to export: like linux/amd64,linux/arm64/v8", "all") {
        @Override
        public String longName() {
            return PLATFORM.longName();
        }
    },
    SINCE(
            "time",
            null,
            "Exports what was pulled or came in since: like 2026-03-01, 2026-03-01T22:17:31 (local time) or 2026-03-01T22:17:31Z",
            ""),
    EXCLUDE_FROM(
            "file", null, "Leaves out what this file lists: digests, one a line, as list --digests prints them", ""),
    COMPLETE_ONLY(null, null, "Leaves out an index of which the image of some platform is not cached", ""),
    SERVER(
            "url",
            null,
            "Asks the server that has the cache, like http://localhost:8080, and leaves the disk alone",
            ""),
    TOKEN_FILE(
            "file",
            null,
            "The file with its token. Default: the environment variable OCIREGISTRY_TOKEN; for a server on this machine"
                    + " the token of the configuration, otherwise the file admin-token in the image path",
            ""),
    SERVER_CA(
            "file",
            null,
            "Who issued its certificate: a file of PEM; without that, the operating system says whom to trust",
            ""),
    DATE(
            "time",
            null,
            "Chooses the images first pulled before: like 2026-03-01T22:17:31 (local time) or 2026-03-01",
            ""),
    PRUNE_BEFORE("time", null, "The same as --date", ""),
    OLDER_THAN("age", null, "Chooses the images first pulled longer ago than that, like 30d or 12h", ""),
    UNUSED_FOR("age", null, "Chooses the images that no client got for that long, like 30d or 12h", ""),
    COUNT("int", null, "At most so many of them, least recently pulled first", ""),
    MAX_SIZE("size", null, "As many of them as it takes for the cache to be no larger, like 10GB", ""),
    DRY_RUN(null, null, "Only says what would be pruned", ""),
    REPAIR(
            null,
            null,
            "Quarantines what is bad, and fetches it again, and what is missing; no server may be running on the cache",
            "");

    private final Optional<String> argument;

    @SuppressWarnings("ImmutableEnumChecker") // It is immutable, and only can't be annotated so.
    private final Optional<Key<?>> key;

    private final String doc;

    CliOption(@Nullable String argument, @Nullable Key<?> key, String doc, String fallback) {
        this.argument = Optional.ofNullable(argument);
        this.key = Optional.ofNullable(key);
        this.doc = fallback.isEmpty() ? doc : doc + " (default: " + fallback + ")";
    }

    /** Without the dashes: {@code log-level}. */
    public String longName() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** What its argument is called; options without one are switches. */
    public Optional<String> argument() {
        return argument;
    }

    public Optional<Key<?>> key() {
        return key;
    }

    public String doc() {
        return key.map(Key::hasEffect).orElse(true) ? doc : doc + "; has no effect in this build";
    }

    @Override
    public String toString() {
        return "--" + longName();
    }
}
