package io.ociregistry.oci;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** A selection of platforms: given ones, or all. Immutable. */
public final class Platforms {
    public static final Platforms ALL = new Platforms(List.of());

    private static final String ALL_TEXT = "all";

    private final List<Platform> wanted;

    private Platforms(List<Platform> wanted) {
        this.wanted = wanted;
    }

    /** Selects these platforms; at least one. */
    public static Platforms of(List<Platform> wanted) {
        if (wanted.isEmpty()) {
            throw new IllegalArgumentException("no platform");
        }
        return new Platforms(List.copyOf(wanted));
    }

    /**
     * Parses {@code all}, or a comma-separated list of platforms.
     *
     * @throws RegistryException {@link ErrorCode#REQUEST_INVALID} if one of them is not a platform
     */
    public static Platforms parse(String text) {
        String stripped = text.strip();
        return stripped.equals(ALL_TEXT)
                ? ALL
                : of(Stream.of(stripped.split(",", -1))
                        .map(String::strip)
                        .map(Platform::parse)
                        .toList());
    }

    /**
     * The entries of an index that match a selection.
     *
     * @param chosen in the order of the index, without attestations; entries without a platform are always included,
     *     because only the config of such an image gives its platform
     * @param missing the selected platforms for which the index has no entry
     * @param offered the platforms that the index lists
     */
    public record Choice(List<Descriptor> chosen, List<Platform> missing, List<Platform> offered) {
        public Choice {
            chosen = List.copyOf(chosen);
            missing = List.copyOf(missing);
            offered = List.copyOf(offered);
        }
    }

    /**
     * Chooses, for each selected platform, the entries of the index with the best platform that runs on it. Several
     * entries match if they differ in a property that is not compared here, such as the version of Windows.
     */
    public Choice choose(List<Descriptor> entries) {
        List<Descriptor> known =
                entries.stream().filter(Platforms::hasKnownPlatform).toList();
        List<Platform> offered =
                known.stream().map(Platforms::platform).distinct().toList();
        List<Descriptor> unspecified =
                entries.stream().filter(Platforms::hasNoPlatform).toList();
        Set<Descriptor> chosen = new LinkedHashSet<>(unspecified);
        List<Platform> missing = new ArrayList<>();
        if (wanted.isEmpty()) {
            chosen.addAll(known);
        }
        for (Platform platform : wanted) {
            List<Descriptor> best = best(platform, known);
            if (best.isEmpty() && unspecified.isEmpty()) {
                missing.add(platform);
            }
            chosen.addAll(best);
        }
        return new Choice(entries.stream().filter(chosen::contains).toList(), missing, offered);
    }

    /** Returns true if images for the given platform run on one of the selected platforms. */
    public boolean includes(Platform platform) {
        return wanted.isEmpty()
                || wanted.stream().anyMatch(each -> each.compatiblePlatforms().contains(platform.normalized()));
    }

    private static List<Descriptor> best(Platform wanted, List<Descriptor> known) {
        for (Platform candidate : wanted.compatiblePlatforms()) {
            List<Descriptor> fitting = known.stream()
                    .filter(entry -> platform(entry).equals(candidate))
                    .toList();
            if (!fitting.isEmpty()) {
                return fitting;
            }
        }
        return List.of();
    }

    private static boolean hasNoPlatform(Descriptor entry) {
        return entry.platform()
                .filter(platform ->
                        !platform.os().isEmpty() || !platform.architecture().isEmpty())
                .isEmpty();
    }

    private static boolean hasKnownPlatform(Descriptor entry) {
        return entry.platform().filter(Platform::isKnown).isPresent();
    }

    private static Platform platform(Descriptor entry) {
        return entry.platform().orElseThrow().normalized();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Platforms platforms && platforms.wanted.equals(wanted);
    }

    @Override
    public int hashCode() {
        return wanted.hashCode();
    }

    @Override
    public String toString() {
        return wanted.isEmpty()
                ? ALL_TEXT
                : String.join(",", wanted.stream().map(Platform::toString).toList());
    }
}
