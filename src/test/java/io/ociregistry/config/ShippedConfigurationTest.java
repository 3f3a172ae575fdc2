package io.ociregistry.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.config.ServerConfig.LogLevel;
import io.ociregistry.config.yaml.Key;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Compares conf/ociregistry.yaml with the tables of keys. */
class ShippedConfigurationTest {
    private static final Path FILE = Path.of("conf/ociregistry.yaml");
    private static final Set<String> OF_THIS_MACHINE = Set.of("os", "arch");

    private final ConfigLoader loader = new ConfigLoader(name -> Optional.of("of " + name)
            .filter(value -> !value.toLowerCase(Locale.ROOT).endsWith("_proxy")));

    @Test
    void shippedFileHasDefaultsExceptLogLevel() throws Exception {
        var result = loader.load(FILE, Overrides.none());
        assertEquals(List.of(), result.warnings());
        for (Key<?> key : ServerKeys.ALL) {
            var expected = key == ServerKeys.LOG_LEVEL ? LogLevel.INFO : key.fallback();
            assertEquals(expected, result.config().get(key), key.name());
        }
    }

    @Test
    void shippedFileSetsEveryKeyWithDefault() throws Exception {
        var expected = new TreeSet<String>();
        for (Key<?> key : ServerKeys.ALL) {
            if (!key.fallback().equals(Optional.empty()) && !OF_THIS_MACHINE.contains(key.name())) {
                expected.add(key.name());
            }
        }
        var written = new TreeSet<>(KeyTable.written(Files.readString(FILE)));
        written.removeIf(name -> name.contains("."));
        assertEquals(expected, written);
    }

    @Test
    void uncommentedFileHasEveryKey() throws Exception {
        var yaml = uncommented();
        var expected = new TreeSet<String>();
        KeyTable.walk((name, key) -> expected.add(name));
        expected.remove("pruneConfig.dryrun");
        var written = new TreeSet<>(KeyTable.written(yaml));
        // These keys of a mirror are the same as those of a registry, and are explained there.
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

    /** Removes the # before keys, which no space follows, and before the examples of registries until an empty line. */
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
}
