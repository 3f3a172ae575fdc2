package io.ociregistry.standalone;

import io.ociregistry.config.yaml.Suggestions;
import io.ociregistry.standalone.cli.Action;
import io.ociregistry.standalone.cli.CliOption;
import io.ociregistry.standalone.cli.GivenOptions;
import io.ociregistry.standalone.cli.UsageException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.MissingArgumentException;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.apache.commons.cli.ParseException;
import org.apache.commons.cli.UnrecognizedOptionException;

/** Parses a command line into an action. Options may be before and after the name of the command. */
public final class CommandLine {
    private static final Set<String> SWITCH_VALUES = Set.of("true", "false");

    private CommandLine() {}

    public static Action parse(String... args) throws UsageException {
        var arguments = ParsedArguments.parse(List.of(args));
        if (arguments.isHelpRequest()) {
            return help(arguments);
        }
        if (arguments.command().isEmpty()) {
            return withoutCommand(arguments);
        }
        var name = arguments.command().get();
        var command = Command.find(name).orElseThrow(() -> unknownCommand(name, arguments));
        return command.createAction(new GivenOptions(values(command, arguments), List.of(args)));
    }

    private static Action help(ParsedArguments arguments) throws UsageException {
        var name = arguments.helpTopic();
        var command = name.flatMap(Command::find);
        if (name.isPresent() && command.isEmpty()) {
            throw unknownCommand(name.get(), arguments);
        }
        return (out, err) -> {
            out.print(command.map(Help::of).orElseGet(Help::ofAll));
            return 0;
        };
    }

    private static Action withoutCommand(ParsedArguments arguments) throws UsageException {
        if (arguments.options().isEmpty()) {
            return help(arguments);
        }
        var typed = nameOf(arguments.options().get(0));
        var option = ParsedArguments.findOption(typed);
        if (option.isEmpty()) {
            throw new UsageException(unknownOption(typed));
        }
        var commands = Command.namesWithOption(option.get());
        var command = commands.isEmpty() ? Command.SERVE.commandName() : commands.get(0);
        throw new UsageException(typed + " needs a command; did you mean: ociregistry " + command + " " + typed + "?");
    }

    private static Map<CliOption, String> values(Command command, ParsedArguments arguments) throws UsageException {
        var known = command.allOptions();
        var parser = DefaultParser.builder().setAllowPartialMatching(false).get();
        Map<CliOption, String> values = new EnumMap<>(CliOption.class);
        try {
            var parsed = parser.parse(options(known), arguments.options().toArray(String[]::new));
            refuseExtraArguments(command, arguments);
            for (CliOption option : known) {
                var given = parsed.getOptionValues(option.longName());
                if (given != null) {
                    values.put(option, checked(option, given[given.length - 1]));
                }
            }
            return values;
        } catch (UnrecognizedOptionException e) {
            throw new UsageException(unknownOption(e.getOption(), command));
        } catch (MissingArgumentException e) {
            throw new UsageException("--" + e.getOption().getLongOpt() + " needs a value");
        } catch (ParseException e) {
            throw new UsageException(String.valueOf(e.getMessage()));
        }
    }

    /** Checks the value of a switch; the configuration checks the value of an option that has a key. */
    private static String checked(CliOption option, String value) throws UsageException {
        boolean isSwitch = option.argument().isEmpty() && option.key().isEmpty();
        if (isSwitch && !SWITCH_VALUES.contains(value)) {
            throw new UsageException(option + ": '" + value + "' is neither true nor false");
        }
        return value;
    }

    private static void refuseExtraArguments(Command command, ParsedArguments arguments) throws UsageException {
        if (!arguments.rest().isEmpty()) {
            throw new UsageException("unexpected '" + arguments.rest().get(0) + "' after " + command.commandName());
        }
    }

    private static Options options(List<CliOption> known) {
        var options = new Options();
        known.forEach(option -> options.addOption(
                Option.builder().longOpt(option.longName()).hasArg().get()));
        return options;
    }

    private static String unknownOption(String typed, Command command) {
        var name = nameOf(typed);
        var elsewhere =
                ParsedArguments.findOption(name).map(Command::namesWithOption).orElse(List.of());
        if (!elsewhere.isEmpty()) {
            return name + " is an option of " + String.join(" and ", elsewhere) + ", not of " + command.commandName();
        }
        return unknownOption(name, command.allOptions(), command.commandName() + " ");
    }

    private static String unknownOption(String name) {
        return unknownOption(name, List.of(CliOption.values()), "");
    }

    private static String unknownOption(String name, List<CliOption> options, String command) {
        var known = options.stream().map(CliOption::toString).toList();
        return "unknown option " + name
                + Suggestions.closest(name, known)
                        .map(CommandLine::didYouMean)
                        .orElse("; see: ociregistry " + command + "--help");
    }

    /** Reports an unknown option first, if there is one: its value has been read as the name of a command. */
    private static UsageException unknownCommand(String name, ParsedArguments arguments) {
        var unknownOption = arguments.options().stream()
                .map(CommandLine::nameOf)
                .filter(option -> ParsedArguments.findOption(option).isEmpty())
                .findFirst();
        if (unknownOption.isPresent()) {
            return new UsageException(unknownOption(unknownOption.get()));
        }
        var known = Stream.concat(Stream.of(Command.values()).map(Command::commandName), Stream.of("help"))
                .toList();
        return new UsageException("unknown command '" + name + "'"
                + Suggestions.closest(name, known)
                        .map(CommandLine::didYouMean)
                        .orElse("; the commands are " + String.join(", ", known)));
    }

    private static String didYouMean(String word) {
        return "; did you mean " + word + "?";
    }

    private static String nameOf(String option) {
        return option.replaceFirst("=.*", "");
    }
}
