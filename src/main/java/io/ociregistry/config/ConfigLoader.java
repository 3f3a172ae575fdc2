package io.ociregistry.config;

import io.ociregistry.config.yaml.ConfigException;
import io.ociregistry.config.yaml.ObjectType;
import io.ociregistry.config.yaml.ParseContext;
import io.ociregistry.config.yaml.Redaction;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.SequenceNode;

/**
 * Reads the configuration file and applies the options of the command line.
 *
 * <p>All problems are reported together, each with its line and its remedy. A tag in the file never creates an object
 * of a class. The file may have at most 1 MiB.
 */
public final class ConfigLoader {
    private static final int MAX_BYTES = 1 << 20;
    private static final int MAX_ALIASES = 50;

    private final Function<String, Optional<String>> environment;

    /**
     * Makes a loader.
     *
     * @param environment returns the value of an environment variable, if it is set; its IllegalArgumentException says
     *     that the value cannot be decoded
     */
    public ConfigLoader(Function<String, Optional<String>> environment) {
        this.environment = environment;
    }

    /** The configuration, and warnings about keys without effect. */
    public record Result(ServerConfig config, List<String> warnings) {}

    public Result load(Path file, Overrides overrides) throws ConfigException {
        return parse(text(file), file.toString(), overrides);
    }

    /** Returns the defaults with the options of the command line. */
    public Result withoutFile(Overrides overrides) throws ConfigException {
        return parse("", "", overrides);
    }

    public Result parse(String yaml, String source, Overrides overrides) throws ConfigException {
        var context = new ParseContext(source, environment);
        var config =
                compose(yaml, context).flatMap(root -> fromRoot(root, context)).orElse(ServerConfig.defaults());
        var result = overrides.applyTo(config, context).with(ProxyEnvironment.read(context));
        if (!context.problems().isEmpty()) {
            throw new ConfigException(context.problems());
        }
        return new Result(result, List.copyOf(context.warnings()));
    }

    /** A file that is a list consists of the entries under {@code registries}. */
    private static Optional<ServerConfig> fromRoot(Node root, ParseContext context) {
        if (!(root instanceof SequenceNode)) {
            return ObjectType.isNullOrEmpty(root) ? Optional.empty() : ServerKeys.TYPE.read(root, "", context);
        }
        var path = ServerKeys.REGISTRIES.name();
        return ServerKeys.REGISTRIES.type().read(root, path, context).map(list -> ServerConfig.defaults()
                .with(ServerKeys.REGISTRIES, list));
    }

    /** Parses into nodes and not into objects: nodes have line numbers, and a tag in the file cannot choose a class. */
    private static Optional<Node> compose(String yaml, ParseContext context) {
        var options = new LoaderOptions();
        options.setMaxAliasesForCollections(MAX_ALIASES);
        options.setAllowRecursiveKeys(false);
        options.setCodePointLimit(MAX_BYTES);
        try {
            return Optional.ofNullable(new Yaml(options).compose(new StringReader(yaml)));
        } catch (MarkedYAMLException e) {
            var mark = e.getProblemMark();
            context.problem(
                    mark == null ? 1 : mark.getLine() + 1,
                    "not valid YAML: " + Redaction.ofParserMessage(String.valueOf(e.getProblem())));
        } catch (YAMLException e) {
            context.problem(
                    1,
                    "not valid YAML: "
                            + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
        }
        return Optional.empty();
    }

    private static String text(Path file) throws ConfigException {
        try (var in = Files.newInputStream(file)) {
            var bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw new ConfigException(file + ": is larger than 1 MiB; name a configuration file");
            }
            var text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return text.startsWith("\uFEFF") ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            throw new ConfigException(file + ": is not UTF-8 text; save it in UTF-8");
        } catch (IOException e) {
            throw new ConfigException(file + ": cannot be read: " + reason(e));
        }
    }

    private static String reason(IOException e) {
        if (e instanceof java.nio.file.NoSuchFileException) {
            return "no such file";
        }
        return e instanceof java.nio.file.AccessDeniedException ? "permission denied" : String.valueOf(e.getMessage());
    }
}
