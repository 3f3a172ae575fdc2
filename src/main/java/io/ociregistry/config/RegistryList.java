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

/** The list {@code registries}; no name or alias may be in two entries. */
record RegistryList() implements ValueType<List<UpstreamConfig>> {
    @Override
    public Optional<List<UpstreamConfig>> read(Node node, ConfigPath path, ParseContext context) {
        Map<String, ConfigPath> pathsByName = new HashMap<>();
        ValueType<UpstreamConfig> entry = (item, itemPath, sameContext) -> {
            var registry = RegistryKeys.TYPE.read(item, itemPath, sameContext);
            registry.ifPresent(r -> names(r).forEach(name -> {
                var earlier = pathsByName.putIfAbsent(name, itemPath);
                if (earlier != null) {
                    sameContext.problem(
                            item,
                            itemPath,
                            "'" + name + "' is also a name or alias of " + earlier.displayName() + "; keep one");
                }
            }));
            return registry;
        };
        return new ListOf<>(entry).read(node, path, context);
    }

    private static Stream<String> names(UpstreamConfig registry) {
        return Stream.concat(Stream.of(registry.name()), registry.aliases().stream())
                .filter(name -> !name.isEmpty());
    }
}
