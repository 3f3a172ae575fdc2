package io.ociregistry.standalone;

import io.ociregistry.standalone.cli.CliOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A command line taken apart: the command's name, and the options around it, those with a value in the form
 * {@code --name=value}. A switch may be written {@code --name} or {@code --name=false}, and the command {@code version} as an option too.
 */
record ParsedArguments(Optional<String> command, List<String> options, List<String> rest, boolean helpOption) {
    private static final String VERSION = "--version";

    static ParsedArguments split(List<String> args) {
        var options = new ArrayList<String>();
        var names = new ArrayList<String>();
        boolean help = false;
        for (int i = 0; i < args.size(); i++) {
            var word = args.get(i);
            var flag = flag(word);
            if (word.equals("-h") || word.equals(CliOption.HELP.toString())) {
                help = true;
            } else if (word.equals(VERSION)) {
                names.add(Command.VERSION.word());
            } else if (!word.startsWith("-")) {
                names.add(word);
            } else if (flag.isEmpty()) {
                options.add(word);
            } else if (flag.get().argument().isEmpty()) {
                options.add(flag.get() + "=true");
            } else if (i + 1 < args.size()) {
                options.add(flag.get() + "=" + args.get(++i));
            } else {
                options.add(word);
            }
        }
        var command = names.stream().findFirst();
        return new ParsedArguments(command, options, names.stream().skip(1).toList(), help);
    }

    boolean asksForHelp() {
        return helpOption
                || command.filter(name -> name.equals("help") || name.equals("h"))
                        .isPresent();
    }

    /** {@code serve --help} and {@code help serve} ask for help on one command. */
    Optional<String> asksForHelpOn() {
        return command.filter(name -> !name.equals("help") && !name.equals("h"))
                .or(() -> rest.stream().findFirst());
    }

    /** The option that a word is, if it is one alone and not {@code --name=value}. */
    static Optional<CliOption> flag(String word) {
        return Arrays.stream(CliOption.values())
                .filter(flag -> flag.toString().equals(word))
                .findFirst();
    }
}
