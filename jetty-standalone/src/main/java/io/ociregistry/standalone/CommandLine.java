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

/** Makes an action of a command line. Options may stand before and after the name of the command. */
public final class CommandLine {
    private static final Set<String> SWITCHED = Set.of("true", "false");

    private CommandLine() {}

    public static Action parse(String... args) throws UsageException {
        var words = ParsedArguments.split(List.of(args));
        if (words.asksForHelp()) {
            return help(words);
        }
        if (words.command().isEmpty()) {
            return withoutCommand(words);
        }
        var name = words.command().get();
        var command = Command.named(name).orElseThrow(() -> unknownCommand(name, words));
        return command.with(new GivenOptions(values(command, words), List.of(args)));
    }

    private static Action help(ParsedArguments words) throws UsageException {
        var name = words.asksForHelpOn();
        var command = name.flatMap(Command::named);
        if (name.isPresent() && command.isEmpty()) {
            throw unknownCommand(name.get(), words);
        }
        return (out, err) -> {
            out.print(command.map(Help::of).orElseGet(Help::ofAll));
            return 0;
        };
    }

    private static Action withoutCommand(ParsedArguments words) throws UsageException {
        if (words.options().isEmpty()) {
            return help(words);
        }
        var typed = nameOf(words.options().get(0));
        var flag = ParsedArguments.flag(typed);
        if (flag.isEmpty()) {
            throw new UsageException(unknownOption(typed));
        }
        var takers = Command.taking(flag.get());
        var command = takers.isEmpty() ? Command.SERVE.word() : takers.get(0);
        throw new UsageException(typed + " needs a command; did you mean: ociregistry " + command + " " + typed + "?");
    }

    private static Map<CliOption, String> values(Command command, ParsedArguments words) throws UsageException {
        var flags = command.allFlags();
        var parser = DefaultParser.builder().setAllowPartialMatching(false).get();
        Map<CliOption, String> values = new EnumMap<>(CliOption.class);
        try {
            var parsed = parser.parse(options(flags), words.options().toArray(String[]::new));
            refuseMoreWords(command, words);
            for (CliOption flag : flags) {
                var given = parsed.getOptionValues(flag.longName());
                if (given != null) {
                    values.put(flag, checked(flag, given[given.length - 1]));
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

    /** What stands after a switch; where it has a key, that is the configuration's to check. */
    private static String checked(CliOption flag, String value) throws UsageException {
        boolean isSwitch = flag.argument().isEmpty() && flag.key().isEmpty();
        if (isSwitch && !SWITCHED.contains(value)) {
            throw new UsageException(flag + ": '" + value + "' is neither true nor false");
        }
        return value;
    }

    private static void refuseMoreWords(Command command, ParsedArguments words) throws UsageException {
        if (!words.rest().isEmpty()) {
            throw new UsageException("unexpected '" + words.rest().get(0) + "' after " + command.word());
        }
    }

    private static Options options(List<CliOption> flags) {
        var options = new Options();
        flags.forEach(flag -> options.addOption(
                Option.builder().longOpt(flag.longName()).hasArg().get()));
        return options;
    }

    private static String unknownOption(String typed, Command command) {
        var name = nameOf(typed);
        var elsewhere = ParsedArguments.flag(name).map(Command::taking).orElse(List.of());
        if (!elsewhere.isEmpty()) {
            return name + " is an option of " + String.join(" and ", elsewhere) + ", not of " + command.word();
        }
        return unknownOption(name, command.allFlags(), command.word() + " ");
    }

    private static String unknownOption(String name) {
        return unknownOption(name, List.of(CliOption.values()), "");
    }

    private static String unknownOption(String name, List<CliOption> flags, String command) {
        var known = flags.stream().map(CliOption::toString).toList();
        return "unknown option " + name
                + Suggestions.to(name, known)
                        .map(CommandLine::didYouMean)
                        .orElse("; see: ociregistry " + command + "--help");
    }

    /** The value of an unknown option looks like a command, so such an option is to blame first. */
    private static UsageException unknownCommand(String name, ParsedArguments words) {
        var unknownOption = words.options().stream()
                .map(CommandLine::nameOf)
                .filter(option -> ParsedArguments.flag(option).isEmpty())
                .findFirst();
        if (unknownOption.isPresent()) {
            return new UsageException(unknownOption(unknownOption.get()));
        }
        var known = Stream.concat(Stream.of(Command.values()).map(Command::word), Stream.of("help"))
                .toList();
        return new UsageException("unknown command '" + name + "'"
                + Suggestions.to(name, known)
                        .map(CommandLine::didYouMean)
                        .orElse("; there are " + String.join(", ", known)));
    }

    private static String didYouMean(String word) {
        return "; did you mean " + word + "?";
    }

    private static String nameOf(String option) {
        return option.replaceFirst("=.*", "");
    }
}
