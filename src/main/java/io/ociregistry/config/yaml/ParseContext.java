package io.ociregistry.config.yaml;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.nodes.Node;

/** One reading of one file: collects what is wrong with it, so that all of it can be told at once. Used by one thread. */
public final class ParseContext {
    private final String source;
    private final Function<String, Optional<String>> environment;
    private final List<String> problems = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();

    /**
     * The environment gives the value of the variable it is asked for, if that is set. Its IllegalArgumentException
     * says that the value can't be read.
     */
    public ParseContext(String source, Function<String, Optional<String>> environment) {
        this.source = source;
        this.environment = environment;
    }

    public Optional<String> variable(String name) {
        return environment.apply(name);
    }

    public void problem(Node node, ConfigPath place, String text) {
        problems.add(at(node, place) + text);
    }

    /** What is wrong outside of the file. */
    public void problem(String text) {
        problems.add(text);
    }

    public void problem(int line, String text) {
        problems.add(source + ":" + line + ": " + text);
    }

    void warning(Node node, ConfigPath place, String text) {
        warnings.add(at(node, place) + text);
    }

    public List<String> problems() {
        return problems;
    }

    public List<String> warnings() {
        return warnings;
    }

    /** Values that do not come from the file have no line. */
    private String at(Node node, ConfigPath place) {
        Mark mark = node.getStartMark();
        var where = mark == null ? "" : source + ":" + (mark.getLine() + 1) + ": ";
        return place.shown().isEmpty() ? where : where + place.shown() + ": ";
    }
}
