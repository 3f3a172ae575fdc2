package io.ociregistry.config;

import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.config.yaml.ConfigPath;
import io.ociregistry.config.yaml.ListOf;
import io.ociregistry.config.yaml.ParseContext;
import io.ociregistry.config.yaml.ValueType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.yaml.snakeyaml.nodes.Node;

/** The entries under {@code registries}, none of which goes by a name or an alias of another. */
record RegistryList() implements ValueType<List<UpstreamConfig>> {
    @Override
    public Optional<List<UpstreamConfig>> read(Node node, ConfigPath place, ParseContext reading) {
        Map<String, ConfigPath> taken = new HashMap<>();
        ValueType<UpstreamConfig> entry = (item, itemPlace, sameReading) -> {
            var registry = RegistryKeys.TYPE.read(item, itemPlace, sameReading);
            registry.ifPresent(r -> names(r).forEach(name -> {
                var earlier = taken.putIfAbsent(name, itemPlace);
                if (earlier != null) {
                    sameReading.problem(
                            item,
                            itemPlace,
                            "'" + name + "' is a name or alias at " + earlier.shown() + " too; keep one");
                }
            }));
            return registry;
        };
        return new ListOf<>(entry).read(node, place, reading);
    }

    private static Stream<String> names(UpstreamConfig registry) {
        return Stream.concat(Stream.of(registry.name()), registry.aliases().stream())
                .filter(name -> !name.isEmpty());
    }
}
