package io.ociregistry.config.yaml;

import java.util.List;

/** An unusable configuration. The message lists its problems, one per line, at most {@value #SHOWN} of them. */
public final class ConfigException extends Exception {
    /** Enough to correct a file, and short enough if the file is not a configuration at all. */
    private static final int SHOWN = 50;

    private final transient List<String> problems;

    public ConfigException(List<String> problems) {
        super(message(problems));
        this.problems = List.copyOf(problems);
    }

    public ConfigException(String problem) {
        this(List.of(problem));
    }

    public List<String> problems() {
        return problems;
    }

    private static String message(List<String> problems) {
        var shown = String.join("\n", problems.subList(0, Math.min(SHOWN, problems.size())));
        return problems.size() <= SHOWN ? shown : shown + "\nand " + (problems.size() - SHOWN) + " more";
    }
}
