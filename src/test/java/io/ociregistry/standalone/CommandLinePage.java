package io.ociregistry.standalone;

import io.ociregistry.config.yaml.Key;
import io.ociregistry.standalone.cli.CliOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Generates docs/command-line.md from the tables that also give the help texts. */
final class CommandLinePage {
    private static final String INTRODUCTION = """
            # The command line
            ```shell
            java -jar ociregistry.jar [global options] [command [command options]]
            ```
            This page is generated from the tables of the program; `CommandLinePageTest` fails if it is out of date.
            `--help` after a command, or `help` before it, prints the part of that command. Without arguments, the
            program prints the commands.

            - Options may be before and after the name of the command, as `--name value` or `--name=value`. A switch has
              no value; `--name=false` turns it off. If an option is given twice, the last value is used.
            - An option with a key replaces the value of that key in the configuration file; an empty value (`--name=`)
              means the key's default.
            - The exit code is 0, or 1 with the reason and the remedy on standard error. It is 78 if the configuration
              cannot be used, so that a service manager need not start the program again.
            - The output of the command goes to standard output, all other messages go to standard error.
            """;

    private static final String HEADER = """

            | option | | key |
            |---|---|---|
            """;

    private CommandLinePage() {}

    static String text() {
        return INTRODUCTION
                + "\n## Global options\nThese options apply to every command.\n"
                + table(Command.GLOBAL)
                + Arrays.stream(Command.values()).map(CommandLinePage::section).collect(Collectors.joining());
    }

    private static String section(Command command) {
        return "\n## " + command.commandName() + "\n" + command.doc() + ".\n"
                + command.operand()
                        .map(option -> "`" + command.commandName() + " FILE` is the same as `" + command.commandName()
                                + " " + option + " FILE`.\n")
                        .orElse("")
                + (command.options().isEmpty() ? "" : table(command.options()));
    }

    private static String table(List<CliOption> options) {
        return options.stream().map(CommandLinePage::row).collect(Collectors.joining("", HEADER, ""));
    }

    private static String row(CliOption option) {
        String argument = option.argument().map(name -> " " + name).orElse("");
        String key = option.key().map(Key::name).map(name -> "`" + name + "`").orElse("");
        return "| `" + option + argument.replace("|", "\\|") + "` | "
                + option.doc().replace("|", "\\|") + " | " + key + " |\n";
    }
}
