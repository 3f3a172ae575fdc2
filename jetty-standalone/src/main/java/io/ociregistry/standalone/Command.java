package io.ociregistry.standalone;

import static io.ociregistry.standalone.cli.CliOption.*;

import io.ociregistry.standalone.cli.Action;
import io.ociregistry.standalone.cli.CliOption;
import io.ociregistry.standalone.cli.GivenOptions;
import io.ociregistry.standalone.command.CheckConfigCommand;
import io.ociregistry.standalone.command.ExportCommand;
import io.ociregistry.standalone.command.HealthCommand;
import io.ociregistry.standalone.command.HostsCommand;
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

/** A command: its description, its options besides the global ones, and the action that it makes of them. */
@SuppressWarnings("ImmutableEnumChecker") // The fields are immutable, but their types are not annotated as such.
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
            CliOption.HEALTH,
            METRICS,
            DEFAULT_NS),
    LOAD(
            "Loads images into the cache, directly or through the server that uses it",
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
            "Lists the cached images; a server may be running",
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
            "Writes cached images to an archive; a server may be running",
            ExportCommand::new,
            PATTERN,
            OUTPUT_FILE,
            EXPORT_PLATFORM,
            SINCE,
            EXCLUDE_FROM,
            COMPLETE_ONLY),
    PRUNE(
            "Prunes the cache, directly or through the server that uses it",
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
            "Reads the whole cache and reports corrupt and missing files; a server may be running",
            VerifyCommand::new,
            REPAIR),
    HOSTS(
            "Sends the pulls of this machine's containerd through a server, by files hosts.toml",
            HostsCommand::new,
            DIR,
            HOSTS_SERVER,
            REGISTRY,
            CA,
            REMOVE),
    CHECK_CONFIG(
            "Reports mistakes of the configuration, and what will fail later, without starting a server",
            CheckConfigCommand::new),
    HEALTH(
            "Asks the server of this configuration on this machine whether it is alive; the exit code is 0 if it is",
            HealthCommand::new,
            HOST,
            PORT),
    VERSION("Prints the version, like --version", options -> new VersionCommand());

    /** The options of every command, accepted before and after its name. */
    static final List<CliOption> GLOBAL =
            List.of(LOG_LEVEL, CONFIG_FILE, CONFIG_PATH, IMAGE_PATH, LOG_FILE, LOG_FORMAT, HELP);

    /** Makes the action of a command. */
    interface Factory {
        Action create(GivenOptions options);
    }

    private final String doc;

    private final Factory factory;

    private final List<CliOption> options;

    Command(String doc, Factory factory, CliOption... options) {
        this.doc = doc;
        this.factory = factory;
        this.options = List.of(options);
    }

    static Optional<Command> find(String word) {
        return Arrays.stream(values())
                .filter(command -> command.commandName().equals(word))
                .findFirst();
    }

    /** The names of the commands that have an option of this name. */
    static List<String> namesWithOption(String longName) {
        return Arrays.stream(values())
                .filter(command -> command.options.stream()
                        .anyMatch(option -> option.longName().equals(longName)))
                .map(Command::commandName)
                .toList();
    }

    String commandName() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The option whose value may also follow the name of the command as a word of its own. */
    Optional<CliOption> operand() {
        return this == CHECK_CONFIG ? Optional.of(CONFIG_FILE) : Optional.empty();
    }

    String doc() {
        return doc;
    }

    List<CliOption> options() {
        return options;
    }

    List<CliOption> allOptions() {
        return Stream.concat(GLOBAL.stream(), options.stream()).toList();
    }

    Action createAction(GivenOptions given) {
        return factory.create(given);
    }
}
