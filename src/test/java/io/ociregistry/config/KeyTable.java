package io.ociregistry.config;

import io.ociregistry.common.Secret;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.config.yaml.Key;
import io.ociregistry.config.yaml.ObjectType;
import io.ociregistry.config.yaml.Scalar;
import io.ociregistry.config.yaml.ValueType;
import io.ociregistry.config.yaml.ValueType.ListOf;
import io.ociregistry.config.yaml.ValueType.ScalarOrObject;
import java.io.StringReader;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** Walks the tables of keys: every key of a configuration file with its path, such as {@code registries.auth.user}. */
public final class KeyTable {
    /** Keys whose value is not a secret, but names one: a file, a variable or a program. */
    private static final Pattern SECRET_SOURCES =
            Pattern.compile(".*\\.(\\w*[pP]assword\\w*|token\\w*|htpasswd|dockerConfig|credentialHelper)");

    private KeyTable() {}

    static void walk(BiConsumer<String, Key<?>> visitor) {
        walk(ServerKeys.TYPE, "", visitor);
    }

    /** The paths of all keys whose value is a secret or names the source of one. */
    public static Set<String> secrets() {
        Set<String> names = new TreeSet<>();
        walk((name, key) -> {
            if (isSecret(key.type())
                    || (isText(key.type()) && SECRET_SOURCES.matcher(name).matches())) {
                names.add(name);
            }
        });
        return names;
    }

    /** The paths of all keys in a file. */
    public static Set<String> written(String yaml) {
        return names(new Yaml(new LoaderOptions()).compose(new StringReader(yaml)), "");
    }

    private static boolean isText(ValueType<?> type) {
        return type instanceof Scalar<?>;
    }

    /** Whether a type parses to a secret; the type of an optional key wraps another, so only its value shows this. */
    private static boolean isSecret(ValueType<?> type) {
        if (!(type instanceof Scalar<?> scalar)) {
            return false;
        }
        try {
            Object value = scalar.parser().apply("any");
            return value instanceof Secret
                    || (value instanceof Optional<?> some && some.orElse(null) instanceof Secret);
        } catch (IllegalArgumentException notAnyText) {
            return false;
        }
    }

    private static void walk(ObjectType<?> type, String prefix, BiConsumer<String, Key<?>> visitor) {
        for (Key<?> key : type.keys()) {
            String name = prefix + key.name();
            visitor.accept(name, key);
            if (key.type() instanceof UpstreamConfig.Registries) {
                walk(UpstreamConfig.KEYS, name + ".", visitor);
            } else {
                below(key.type()).ifPresent(section -> walk(section, name + ".", visitor));
            }
        }
    }

    private static Optional<ObjectType<?>> below(ValueType<?> type) {
        if (type instanceof ListOf<?> list) {
            return below(list.element());
        }
        if (type instanceof ScalarOrObject<?> either) {
            return Optional.of(either.mapping());
        }
        return type instanceof ObjectType<?> section ? Optional.of(section) : Optional.empty();
    }

    private static Set<String> names(Node node, String prefix) {
        Set<String> names = new TreeSet<>();
        if (node instanceof MappingNode mapping) {
            mapping.getValue().forEach(entry -> {
                String name = prefix + ((ScalarNode) entry.getKeyNode()).getValue();
                names.add(name);
                names.addAll(names(entry.getValueNode(), name + "."));
            });
        } else if (node instanceof SequenceNode sequence) {
            sequence.getValue().forEach(item -> names.addAll(names(item, prefix)));
        }
        return names;
    }
}
