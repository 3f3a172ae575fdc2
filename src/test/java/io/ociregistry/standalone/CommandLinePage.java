package io.ociregistry.standalone;

import io.ociregistry.config.yaml.Key;
import io.ociregistry.standalone.cli.CliOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The command line as a page for people, made of the same tables as the program's own help. */
final class CommandLinePage {
    private static final String INTRODUCTION = """
            # The command line
            ```shell
            java -jar ociregistry.jar [global options] [command [command options]]
            ```
            This page is printed from the tables that the program itself reads; `CommandLinePageTest` fails if it is out of date. `--help` after a
            command, or `help` before it, prints its part of it. Without a command, and without options, the commands are shown.

            - Options may stand before and after the name of the command, as `--name value` or `--name=value`. A switch, which takes no value, is
              turned off with `--name=false`. Of an option that is given twice the last one counts.
            - An option that has a key beats the value of that key in the configuration file; an empty one (`--name=`) means the key's default.
            - The exit code is 0, or 1 with a line on standard error that says what is wrong and what to do. What was asked for goes to standard output,
              everything else to standard error.
            """;

    private static final String HEADER = """

            | option | | key |
            |---|---|---|
            """;

    private CommandLinePage() {}

    static String text() {
        return INTRODUCTION
                + "\n## Global options\nFor every command.\n"
                + table(Command.GLOBAL)
                + Arrays.stream(Command.values()).map(CommandLinePage::section).collect(Collectors.joining());
    }

    private static String section(Command command) {
        return "\n## " + command.word() + "\n" + command.doc() + ".\n"
                + (command.flags().isEmpty() ? "" : table(command.flags()));
    }

    private static String table(List<CliOption> flags) {
        return flags.stream().map(CommandLinePage::row).collect(Collectors.joining("", HEADER, ""));
    }

    private static String row(CliOption flag) {
        String argument = flag.argument().map(name -> " " + name).orElse("");
        String key = flag.key().map(Key::name).map(name -> "`" + name + "`").orElse("");
        return "| `" + flag + argument.replace("|", "\\|") + "` | " + flag.doc().replace("|", "\\|") + " | " + key
                + " |\n";
    }
}
