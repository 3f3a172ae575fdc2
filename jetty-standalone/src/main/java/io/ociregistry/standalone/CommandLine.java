package io.ociregistry.standalone;

import io.ociregistry.config.yaml.Scalar;
import io.ociregistry.config.yaml.Suggestions;
import io.ociregistry.standalone.cli.Action;
import io.ociregistry.standalone.cli.CliOption;
import io.ociregistry.standalone.cli.GivenOptions;
import io.ociregistry.standalone.cli.UsageException;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.DefaultParser.NonOptionAction;
import org.apache.commons.cli.MissingArgumentException;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.apache.commons.cli.ParseException;

/**
 * Makes an action of a command line. Options may be before and after the name of the command, so all options are parsed
 * together, and then checked against those of the command.
 */
public final class CommandLine {
    private static final String HELP = "help";
    private static final Set<String> HELP_WORDS = Set.of(HELP, "h");
    private static final Set<String> SWITCH_VALUES = Set.of("true", "false");
    private static final Set<String> SWITCHES = Arrays.stream(CliOption.values())
            .filter(option -> option.argument().isEmpty())
            .map(CliOption::toString)
            .collect(Collectors.toSet());

    private final List<String> args;
    /** The known options with their values, in the order of the command line. */
    private final List<Option> options;

    private final List<String> unknownOptions;
    /** The name of the command and what follows it. */
    private final List<String> words;

    private CommandLine(String[] args, org.apache.commons.cli.CommandLine parsed) {
        this.args = List.of(args);
        this.options = List.of(parsed.getOptions());
        Map<Boolean, List<String>> others =
                parsed.getArgList().stream().collect(Collectors.partitioningBy(word -> word.startsWith("-")));
        this.unknownOptions = others.getOrDefault(true, List.of()).stream()
                .map(option -> option.replaceFirst("=.*", ""))
                .toList();
        this.words = others.getOrDefault(false, List.of());
    }

    public static Action parse(String... args) throws UsageException {
        var parser = DefaultParser.builder()
                .setAllowPartialMatching(false)
                .setStripLeadingAndTrailingQuotes(false)
                .get();
        try {
            var words = Arrays.stream(args).map(CommandLine::withValue).toArray(String[]::new);
            var parsed = parser.parse(allOptions(), new Properties(), NonOptionAction.SKIP, words);
            return new CommandLine(args, parsed).action();
        } catch (MissingArgumentException e) {
            throw new UsageException("--" + e.getOption().getLongOpt() + " needs a value");
        } catch (ParseException e) {
            throw new UsageException(String.valueOf(e.getMessage()));
        }
    }

    private static Options allOptions() {
        var options = new Options();
        for (CliOption option : CliOption.values()) {
            options.addOption(
                    Option.builder().longOpt(option.longName()).hasArg().get());
        }
        return options;
    }

    /** Gives a switch the value true. An optional value would take the next word, such as the name of the command. */
    private static String withValue(String word) {
        return switch (word) {
            case "-h" -> CliOption.HELP + "=true";
            case "--version" -> Command.VERSION.commandName();
            default -> SWITCHES.contains(word) ? word + "=true" : word;
        };
    }

    private Action action() throws UsageException {
        boolean isHelp = options.stream().anyMatch(option -> option.getLongOpt().equals(HELP))
                || words.stream().limit(1).anyMatch(HELP_WORDS::contains);
        if (isHelp || (words.isEmpty() && options.isEmpty() && unknownOptions.isEmpty())) {
            return help();
        }
        if (words.isEmpty()) {
            throw withoutCommand();
        }
        var command = Command.find(words.get(0)).orElseThrow(() -> unknownCommand(words.get(0)));
        return command.createAction(new GivenOptions(values(command), args));
    }

    /** The help of all commands, or of one as in {@code serve --help} and {@code help serve}. */
    private Action help() throws UsageException {
        var name = words.stream().filter(word -> !HELP_WORDS.contains(word)).findFirst();
        var command = name.flatMap(Command::find);
        if (name.isPresent() && command.isEmpty()) {
            throw unknownCommand(name.get());
        }
        return (out, err) -> {
            out.print(command.map(Help::of).orElseGet(Help::ofAll));
            return 0;
        };
    }

    private UsageException withoutCommand() {
        if (!unknownOptions.isEmpty()) {
            return unknownOption(List.of(CliOption.values()), "");
        }
        var typed = nameOf(options.get(0));
        var commands = Command.namesWithOption(options.get(0).getLongOpt());
        var command = commands.isEmpty() ? Command.SERVE.commandName() : commands.get(0);
        return new UsageException(typed + " needs a command; did you mean: ociregistry " + command + " " + typed + "?");
    }

    private Map<CliOption, String> values(Command command) throws UsageException {
        if (!unknownOptions.isEmpty()) {
            throw unknownOption(command.allOptions(), command.commandName() + " ");
        }
        Map<CliOption, String> values = new EnumMap<>(CliOption.class);
        for (Option option : options) {
            var known = command.allOptions().stream()
                    .filter(candidate -> candidate.longName().equals(option.getLongOpt()))
                    .findFirst()
                    .orElseThrow(() -> new UsageException(nameOf(option) + " is an option of "
                            + String.join(" and ", Command.namesWithOption(option.getLongOpt())) + ", not of "
                            + command.commandName()));
            values.put(known, checked(known, option.getValue()));
        }
        if (words.size() > 1 && command.operand().isPresent()) {
            var operand = command.operand().get();
            values.put(operand, checked(operand, words.get(1)));
        }
        int expected = command.operand().isPresent() ? 2 : 1;
        if (words.size() > expected) {
            throw new UsageException("unexpected '" + words.get(expected) + "' after " + words.get(expected - 1));
        }
        return values;
    }

    /** Checks the value of an option without a key; the configuration checks the value of an option that has one. */
    private static String checked(CliOption option, String value) throws UsageException {
        if (option.key().isPresent()) {
            return value;
        }
        if (option.argument().isEmpty() && !SWITCH_VALUES.contains(value)) {
            throw new UsageException(option + ": '" + value + "' is neither true nor false");
        }
        if (option.isFile()) {
            try {
                Scalar.path(value);
            } catch (IllegalArgumentException e) {
                throw new UsageException(option + ": " + e.getMessage());
            }
        }
        return value;
    }

    private UsageException unknownOption(List<CliOption> candidates, String command) {
        var known = candidates.stream().map(CliOption::toString).toList();
        return new UsageException("unknown option " + unknownOptions.get(0)
                + didYouMean(unknownOptions.get(0), known, "; see: ociregistry " + command + "--help"));
    }

    /** Reports an unknown option first, if there is one: its value has been read as the name of a command. */
    private UsageException unknownCommand(String name) {
        if (!unknownOptions.isEmpty()) {
            return unknownOption(List.of(CliOption.values()), "");
        }
        var known = Stream.concat(Stream.of(Command.values()).map(Command::commandName), Stream.of(HELP))
                .toList();
        return new UsageException("unknown command '" + name + "'"
                + didYouMean(name, known, "; the commands are " + String.join(", ", known)));
    }

    private static String didYouMean(String word, List<String> known, String otherwise) {
        return Suggestions.closest(word, known)
                .map(best -> "; did you mean " + best + "?")
                .orElse(otherwise);
    }

    private static String nameOf(Option option) {
        return "--" + option.getLongOpt();
    }
}
