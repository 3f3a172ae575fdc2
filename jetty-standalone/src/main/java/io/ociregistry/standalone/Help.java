package io.ociregistry.standalone;

import io.ociregistry.standalone.cli.CliOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Prints the help texts from the tables of commands and options. */
final class Help {
    private static final String NAME = "ociregistry - pull-only, pull-through, caching OCI Distribution server";

    private record Row(String left, String right) {}

    private Help() {}

    static String ofAll() {
        var commands = new ArrayList<Row>();
        Arrays.stream(Command.values()).forEach(command -> commands.add(new Row(command.commandName(), command.doc())));
        commands.add(new Row("help, h", "Shows the commands, or the options of one command"));
        return section("NAME", List.of(new Row(NAME, "")))
                + section("USAGE", List.of(new Row("ociregistry [global options] [command [command options]]", "")))
                + section("COMMANDS", commands)
                + globalOptions();
    }

    static String of(Command command) {
        var usage = "ociregistry [global options] " + command.commandName()
                + (command.options().isEmpty() ? "" : " [options]")
                + command.operand()
                        .flatMap(CliOption::argument)
                        .map(word -> " [" + word + "]")
                        .orElse("");
        return section("NAME", List.of(new Row("ociregistry " + command.commandName() + " - " + command.doc(), "")))
                + section("USAGE", List.of(new Row(usage, "")))
                + (command.options().isEmpty() ? "" : section("OPTIONS", rows(command.options())))
                + globalOptions();
    }

    private static String globalOptions() {
        return section("GLOBAL OPTIONS", rows(Command.GLOBAL)).stripTrailing() + "\n";
    }

    private static List<Row> rows(List<CliOption> options) {
        return options.stream()
                .filter(option -> option != CliOption.CONFIG_PATH)
                .map(option -> new Row(
                        option
                                + (option == CliOption.HELP ? ", -h" : "")
                                + option.argument().map(name -> " " + name).orElse(""),
                        option.doc()))
                .toList();
    }

    private static String section(String title, List<Row> rows) {
        int width = rows.stream().mapToInt(row -> row.left().length()).max().orElse(0);
        return rows.stream()
                .map(row -> "   "
                        + (row.left() + " ".repeat(width - row.left().length()) + "  " + row.right()).stripTrailing())
                .collect(Collectors.joining("\n", title + ":\n", "\n\n"));
    }
}
