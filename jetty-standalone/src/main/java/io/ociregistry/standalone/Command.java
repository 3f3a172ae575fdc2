package io.ociregistry.standalone;

import static io.ociregistry.standalone.cli.CliOption.*;

import io.ociregistry.standalone.cli.Action;
import io.ociregistry.standalone.cli.CliOption;
import io.ociregistry.standalone.cli.GivenOptions;
import io.ociregistry.standalone.command.ExportCommand;
import io.ociregistry.standalone.command.ListCommand;
import io.ociregistry.standalone.command.LoadCommand;
import io.ociregistry.standalone.command.PruneCommand;
import io.ociregistry.standalone.command.ServeCommand;
import io.ociregistry.standalone.command.VerifyCommand;
import io.ociregistry.standalone.command.VersionCommand;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** A sub-command: its options besides the global ones, and what becomes of them. */
@SuppressWarnings("ImmutableEnumChecker") // The fields are immutable, and only can't be annotated so.
enum Command {
    SERVE(
            "Runs the server",
            ServeCommand::new,
            PRELOAD_IMAGES,
            HOST,
            PORT,
            OS,
            ARCH,
            PLATFORM,
            PARALLEL,
            WITH_REFERRERS,
            PULL_TIMEOUT,
            ALWAYS_PULL_LATEST,
            HELLO_WORLD,
            AIR_GAPPED,
            HEALTH,
            METRICS,
            DEFAULT_NS),
    LOAD(
            "Loads images into the cache, or lets the server do it that has the cache",
            LoadCommand::new,
            IMAGE_FILE,
            RESOLVE_REF,
            OS,
            ARCH,
            PLATFORM,
            PARALLEL,
            WITH_REFERRERS,
            PULL_TIMEOUT,
            QUIET,
            JSON,
            SERVER,
            TOKEN_FILE,
            SERVER_CA),
    LIST(
            "Lists the cache, also beside the server that fills it",
            ListCommand::new,
            HEADER,
            PATTERN,
            SHORT_DIGEST,
            OUTPUT,
            DIGESTS,
            SERVER,
            TOKEN_FILE,
            SERVER_CA),
    EXPORT(
            "Writes cached images into an archive, also beside the server that caches them",
            ExportCommand::new,
            PATTERN,
            OUTPUT_FILE,
            EXPORT_PLATFORM,
            SINCE,
            EXCLUDE_FROM,
            COMPLETE_ONLY),
    PRUNE(
            "Prunes the cache, or lets the server do it that has the cache",
            PruneCommand::new,
            PATTERN,
            DATE,
            PRUNE_BEFORE,
            OLDER_THAN,
            UNUSED_FOR,
            COUNT,
            MAX_SIZE,
            DRY_RUN,
            SERVER,
            TOKEN_FILE,
            SERVER_CA),
    VERIFY(
            "Reads the whole cache and tells what is bad or missing, also beside the server that fills it",
            VerifyCommand::new,
            REPAIR),
    VERSION("Prints the version, as --version does", settings -> new VersionCommand());

    /** Those of every command, accepted before and after its name. */
    static final List<CliOption> GLOBAL = List.of(LOG_LEVEL, CONFIG_FILE, CONFIG_PATH, IMAGE_PATH, LOG_FILE, HELP);

    /** Makes a runnable command of its options. */
    interface Maker {
        Action make(GivenOptions settings);
    }

    private final String doc;

    private final Maker maker;

    private final List<CliOption> flags;

    Command(String doc, Maker maker, CliOption... flags) {
        this.doc = doc;
        this.maker = maker;
        this.flags = List.of(flags);
    }

    static Optional<Command> named(String word) {
        return Arrays.stream(values())
                .filter(command -> command.word().equals(word))
                .findFirst();
    }

    /** The commands that take an option. */
    static List<String> taking(CliOption flag) {
        return Arrays.stream(values())
                .filter(command -> command.flags.contains(flag))
                .map(Command::word)
                .toList();
    }

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    String doc() {
        return doc;
    }

    List<CliOption> flags() {
        return flags;
    }

    List<CliOption> allFlags() {
        return Stream.concat(GLOBAL.stream(), flags.stream()).toList();
    }

    Action with(GivenOptions settings) {
        return maker.make(settings);
    }
}
