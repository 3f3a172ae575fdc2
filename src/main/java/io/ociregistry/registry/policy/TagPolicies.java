package io.ociregistry.registry.policy;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.model.RegistryMatcher;
import io.ociregistry.config.model.TagRule;
import io.ociregistry.oci.RegistryName;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Finds the rule that says when a cached tag is revalidated.
 *
 * <p>The first match applies: the rule for signatures, the configured rules of the registry, {@code alwaysPullLatest},
 * otherwise never. Immutable.
 */
public final class TagPolicies {
    /** Tags for signatures and attestations change after the image was pushed. */
    private static final TagRule SIGNATURES = new TagRule("sha256-*", Duration.ofMinutes(5), true);

    private static final TagRule LATEST = new TagRule("latest", Duration.ZERO, true);

    private final RegistryMatcher<List<Compiled>> configured;
    private final List<Compiled> others;

    public TagPolicies(ServerConfig config) {
        List<TagRule> last = config.alwaysPullLatest() ? List.of(LATEST, TagRule.NEVER) : List.of(TagRule.NEVER);
        this.others = compiled(List.of(), last);
        this.configured = new RegistryMatcher<>(config.registries(), registry -> compiled(registry.tags(), last));
    }

    public TagRule rule(RegistryName registry, String tag) {
        return configured.find(registry).orElse(others).stream()
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
