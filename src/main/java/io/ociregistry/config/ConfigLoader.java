package io.ociregistry.config;

import io.ociregistry.config.yaml.ConfigException;
import io.ociregistry.config.yaml.ConfigPath;
import io.ociregistry.config.yaml.ObjectType;
import io.ociregistry.config.yaml.ParseContext;
import io.ociregistry.config.yaml.Quoted;
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
 * Reads the configuration file. Everything that is wrong with it, and with what the command line puts over it, is
 * reported at once, each with its line and what to do. Never builds an object that the file names.
 */
public final class ConfigLoader {
    private static final int MAX_BYTES = 1 << 20;
    private static final int MAX_ALIASES = 50;

    private final Function<String, Optional<String>> environment;

    /**
     * The environment gives the value of the variable it is asked for, if that is set. Its IllegalArgumentException
     * says that the value can't be read.
     */
    public ConfigLoader(Function<String, Optional<String>> environment) {
        this.environment = environment;
    }

    /** The configuration, and what it asks for that this build does not do. */
    public record Result(ServerConfig config, List<String> warnings) {}

    public Result load(Path file, Overrides overrides) throws ConfigException {
        return parse(text(file), file.toString(), overrides);
    }

    /** Without a file: the defaults, and what the command line puts over them. */
    public Result withoutFile(Overrides overrides) throws ConfigException {
        return parse("", "", overrides);
    }

    public Result parse(String yaml, String source, Overrides overrides) throws ConfigException {
        var reading = new ParseContext(source, environment);
        var config =
                compose(yaml, reading).flatMap(root -> fromRoot(root, reading)).orElse(ServerConfig.defaults());
        var result = overrides.over(config, reading).with(ProxyEnvironment.read(reading));
        if (!reading.problems().isEmpty()) {
            throw new ConfigException(reading.problems());
        }
        return new Result(result, List.copyOf(reading.warnings()));
    }

    /** A bare list is a file that has nothing but registries. */
    private static Optional<ServerConfig> fromRoot(Node root, ParseContext reading) {
        if (!(root instanceof SequenceNode)) {
            return ObjectType.saysNothing(root)
                    ? Optional.empty()
                    : ServerKeys.TYPE.read(root, ConfigPath.ROOT, reading);
        }
        var place = ConfigPath.ROOT.child(ServerKeys.REGISTRIES.name());
        return ServerKeys.REGISTRIES.type().read(root, place, reading).map(list -> ServerConfig.defaults()
                .with(ServerKeys.REGISTRIES, list));
    }

    /** Nodes, not objects: they know their lines, and a tag in the file can't choose a class. */
    private static Optional<Node> compose(String yaml, ParseContext reading) {
        var options = new LoaderOptions();
        options.setMaxAliasesForCollections(MAX_ALIASES);
        options.setAllowRecursiveKeys(false);
        options.setCodePointLimit(MAX_BYTES);
        try {
            return Optional.ofNullable(new Yaml(options).compose(new StringReader(yaml)));
        } catch (MarkedYAMLException e) {
            var mark = e.getProblemMark();
            reading.problem(
                    mark == null ? 1 : mark.getLine() + 1,
                    "not valid YAML: " + Quoted.problem(String.valueOf(e.getProblem())));
        } catch (YAMLException e) {
            reading.problem(
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
                throw new ConfigException(file + ": is larger than 1 MiB; is this a configuration file?");
            }
            var text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return text.startsWith("\uFEFF") ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            throw new ConfigException(file + ": is not text in UTF-8");
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
