package io.ociregistry.standalone;

import io.ociregistry.standalone.cli.CliOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A command line, split into the name of the command and its options.
 *
 * <p>A switch may be written as {@code --name} or {@code --name=false}, and the command {@code version} as
 * {@code --version}.
 *
 * @param command the first word that is not an option
 * @param options in the form {@code --name=value}, if the option is known and has a value
 * @param rest the other words that are not options
 * @param helpOption whether {@code --help} or {@code -h} was given
 */
record ParsedArguments(Optional<String> command, List<String> options, List<String> rest, boolean helpOption) {
    private static final String VERSION = "--version";

    static ParsedArguments parse(List<String> args) {
        var options = new ArrayList<String>();
        var names = new ArrayList<String>();
        boolean help = false;
        for (int i = 0; i < args.size(); i++) {
            var word = args.get(i);
            var option = findOption(word);
            if (word.equals("-h") || word.equals(CliOption.HELP.toString())) {
                help = true;
            } else if (word.equals(VERSION)) {
                names.add(Command.VERSION.commandName());
            } else if (!word.startsWith("-")) {
                names.add(word);
            } else if (option.isEmpty()) {
                options.add(word);
            } else if (option.get().argument().isEmpty()) {
                options.add(option.get() + "=true");
            } else if (i + 1 < args.size()) {
                options.add(option.get() + "=" + args.get(++i));
            } else {
                options.add(word);
            }
        }
        var command = names.stream().findFirst();
        return new ParsedArguments(command, options, names.stream().skip(1).toList(), help);
    }

    boolean isHelpRequest() {
        return helpOption
                || command.filter(name -> name.equals("help") || name.equals("h"))
                        .isPresent();
    }

    /** The command to show help for, as in {@code serve --help} and {@code help serve}; empty for all commands. */
    Optional<String> helpTopic() {
        return command.filter(name -> !name.equals("help") && !name.equals("h"))
                .or(() -> rest.stream().findFirst());
    }

    /** The option with this name, dashes included; empty for {@code --name=value}. */
    static Optional<CliOption> findOption(String word) {
        return Arrays.stream(CliOption.values())
                .filter(option -> option.toString().equals(word))
                .findFirst();
    }
}
