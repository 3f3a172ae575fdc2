package io.ociregistry.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** Compares conf/ociregistry.yaml with the tables of keys. */
class ShippedConfigurationTest {
    private static final Path FILE = Path.of("conf/ociregistry.yaml");
    private static final Set<String> OF_THIS_MACHINE = Set.of("os", "arch");

    private final ConfigLoader loader = new ConfigLoader(name -> Optional.of("of " + name)
            .filter(value -> !value.toLowerCase(Locale.ROOT).endsWith("_proxy")));

    @Test
    void itIsTheDefaultsButForTheLogLevel() throws Exception {
        var result = loader.load(FILE, Overrides.none());
        assertEquals(List.of(), result.warnings());
        for (Key<?> key : ServerKeys.ALL) {
            var expected = key == ServerKeys.LOG_LEVEL ? LogLevel.INFO : key.fallback();
            assertEquals(expected, result.config().get(key), key.name());
        }
    }

    @Test
    void itHasEveryKeyThatHasADefault() throws Exception {
        var expected = new TreeSet<String>();
        for (Key<?> key : ServerKeys.ALL) {
            if (!key.fallback().equals(Optional.empty()) && !OF_THIS_MACHINE.contains(key.name())) {
                expected.add(key.name());
            }
        }
        var written = new TreeSet<>(names(compose(Files.readString(FILE)), ""));
        written.removeIf(name -> name.contains("."));
        assertEquals(expected, written);
    }

    @Test
    void withItsCommentsTakenAwayItHasEveryKeyThereIs() throws Exception {
        var yaml = uncommented();
        var expected = new TreeSet<String>();
        addNames(ServerKeys.TYPE, "", expected);
        expected.remove("pruneConfig.dryrun");
        var written = new TreeSet<>(names(compose(yaml), ""));
        // They are those of a registry, and explained there.
        List.of(expected, written)
                .forEach(names -> names.removeIf(name -> name.matches(".*mirrors\\.(auth|tls|proxy)\\..*")));
        assertEquals(expected, written);
        assertEquals(
                6,
                loader.parse(yaml, "c.yaml", Overrides.none())
                        .config()
                        .registries()
                        .size());
    }

    @Test
    void everyKeyHasAPurpose() {
        for (Key<?> key : ServerKeys.ALL) {
            assertTrue(key.doc().length() > 5, key.name());
        }
    }

    /** A key that is commented out has no space after its #, and the examples of registries end with an empty line. */
    private static String uncommented() throws Exception {
        var text = new StringBuilder();
        boolean example = false;
        for (var line : Files.readAllLines(FILE)) {
            example = line.equals("#registries:") || (example && !line.isEmpty());
            if (!line.equals("registries: []")) {
                text.append(example ? line.substring(1) : line.replaceFirst("^( *)#(\\S)", "$1$2"))
                        .append('\n');
            }
        }
        return text.toString();
    }

    private static Node compose(String yaml) {
        return new Yaml(new LoaderOptions()).compose(new StringReader(yaml));
    }

    private static Set<String> names(Node node, String prefix) {
        var names = new LinkedHashSet<String>();
        if (node instanceof MappingNode mapping) {
            mapping.getValue().forEach(entry -> {
                var name = prefix + ((ScalarNode) entry.getKeyNode()).getValue();
                names.add(name);
                names.addAll(names(entry.getValueNode(), name + "."));
            });
        } else if (node instanceof SequenceNode sequence) {
            sequence.getValue().forEach(item -> names.addAll(names(item, prefix)));
        }
        return names;
    }

    private static void addNames(Mapping<?> type, String prefix, Set<String> names) {
        for (Key<?> key : type.keys()) {
            names.add(prefix + key.name());
            if (key.type() instanceof Mapping<?> section) {
                addNames(section, prefix + key.name() + ".", names);
            } else if (key.type() instanceof ScalarOr<?> either) {
                addNames(either.mapping(), prefix + key.name() + ".", names);
            } else if (key.type() instanceof ListOf<?> list && list.element() instanceof Mapping<?> item) {
                addNames(item, prefix + key.name() + ".", names);
            } else if (key.type() instanceof ListOf<?> list && list.element() instanceof ScalarOr<?> item) {
                addNames(item.mapping(), prefix + key.name() + ".", names);
            } else if (key.type() instanceof RegistryList) {
                addNames(RegistryKeys.TYPE, prefix + key.name() + ".", names);
            }
        }
    }
}
