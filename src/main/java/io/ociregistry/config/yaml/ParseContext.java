package io.ociregistry.config.yaml;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.nodes.Node;

/** Collects the problems of one configuration file while it is parsed, to report them together. For one thread. */
public final class ParseContext {
    private final String source;
    private final Function<String, Optional<String>> environment;
    private final List<String> problems = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();
    private final Set<ObjectType<?>> listed = new HashSet<>();

    /**
     * Makes an empty context.
     *
     * @param source the name of the file in messages
     * @param environment returns the value of an environment variable, if it is set; its IllegalArgumentException says
     *     that the value cannot be decoded
     */
    public ParseContext(String source, Function<String, Optional<String>> environment) {
        this.source = source;
        this.environment = environment;
    }

    public Optional<String> environmentVariable(String name) {
        return environment.apply(name);
    }

    public void problem(Node node, String path, String text) {
        problems.add(at(node, path) + text);
    }

    /** Adds a problem that is not in the file. */
    public void problem(String text) {
        problems.add(text);
    }

    public void problem(int line, String text) {
        problems.add(source + ":" + line + ": " + text);
    }

    void warning(Node node, String path, String text) {
        warnings.add(at(node, path) + text);
    }

    /** Records that a message lists the keys of a type; false if an earlier message does. */
    boolean markListed(ObjectType<?> type) {
        return listed.add(type);
    }

    public List<String> problems() {
        return problems;
    }

    public List<String> warnings() {
        return warnings;
    }

    /** The file, the line and the path, without the first two for a value that is not from the file. */
    private String at(Node node, String path) {
        Mark mark = node.getStartMark();
        var line = mark == null ? "" : source + ":" + (mark.getLine() + 1) + ": ";
        return path.isEmpty() ? line : line + path + ": ";
    }
}
