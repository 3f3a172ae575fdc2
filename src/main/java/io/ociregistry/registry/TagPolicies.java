package io.ociregistry.registry;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.TagRule;
import io.ociregistry.config.UpstreamConfig;
import io.ociregistry.oci.RegistryName;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Which rule counts for a tag: one for signatures, those of the configuration, that of {@code alwaysPullLatest}, or never to ask. */
final class TagPolicies {
    /** Signatures and the like are added to such a tag after the image was pushed. */
    private static final TagRule SIGNATURES = new TagRule("sha256-*", Duration.ofMinutes(5), true);

    private static final TagRule LATEST = new TagRule("latest", Duration.ZERO, true);

    private final Map<RegistryName, List<Compiled>> configured = new HashMap<>();
    private final List<Compiled> others;

    TagPolicies(ServerConfig config, RegistryNames names) {
        List<TagRule> last = config.alwaysPullLatest() ? List.of(LATEST, TagRule.NEVER) : List.of(TagRule.NEVER);
        this.others = compiled(List.of(), last);
        for (UpstreamConfig registry : config.registries()) {
            configured.put(names.canonical(registry.name()), compiled(registry.tags(), last));
        }
    }

    TagRule rule(RegistryName registry, String tag) {
        return configured.getOrDefault(registry, others).stream()
                .filter(rule -> rule.pattern.matcher(tag).matches())
                .map(Compiled::rule)
                .findFirst()
                .orElse(TagRule.NEVER);
    }

    private static List<Compiled> compiled(List<TagRule> own, List<TagRule> last) {
        List<TagRule> all = new ArrayList<>();
        Stream.of(List.of(SIGNATURES), own, last).forEach(all::addAll);
        return all.stream().map(rule -> new Compiled(rule.regex(), rule)).toList();
    }

    private record Compiled(Pattern pattern, TagRule rule) {}
}
