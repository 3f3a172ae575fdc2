package io.ociregistry.oci;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The platforms whose images are wanted: some, or all that there are. */
public final class Platforms {
    /** All that there are. */
    public static final Platforms ALL = new Platforms(List.of());

    private static final String EVERY = "all";

    private final List<Platform> wanted;

    private Platforms(List<Platform> wanted) {
        this.wanted = wanted;
    }

    /** Those, and no others; at least one. */
    public static Platforms of(List<Platform> wanted) {
        if (wanted.isEmpty()) {
            throw new IllegalArgumentException("no platform");
        }
        return new Platforms(List.copyOf(wanted));
    }

    /**
     * Parses {@code all}, or platforms with commas between them.
     *
     * @throws RegistryException {@link ErrorCode#REQUEST_INVALID} if one of them can't be a platform
     */
    public static Platforms parse(String text) {
        String stripped = text.strip();
        return stripped.equals(EVERY)
                ? ALL
                : of(Stream.of(stripped.split(",", -1))
                        .map(String::strip)
                        .map(Platform::parse)
                        .toList());
    }

    /**
     * What to take of an index.
     *
     * @param chosen in the order of the index, without attestations; what tells no platform is always among them, since only its config says
     * @param missing the platforms that are wanted and that it has nothing for
     * @param offered the platforms that it tells
     */
    public record Choice(List<Descriptor> chosen, List<Platform> missing, List<Platform> offered) {
        public Choice {
            chosen = List.copyOf(chosen);
            missing = List.copyOf(missing);
            offered = List.copyOf(offered);
        }
    }

    /**
     * Chooses among the entries of an index: of each wanted platform those of the best that runs on it. That is more than one where they differ
     * in what is not looked at here, like the version of Windows.
     */
    public Choice choose(List<Descriptor> entries) {
        List<Descriptor> told = entries.stream().filter(Platforms::isTold).toList();
        List<Platform> offered =
                told.stream().map(Platforms::platform).distinct().toList();
        List<Descriptor> untold = entries.stream().filter(Platforms::isUntold).toList();
        Set<Descriptor> chosen = new LinkedHashSet<>(untold);
        List<Platform> missing = new ArrayList<>();
        if (wanted.isEmpty()) {
            chosen.addAll(told);
        }
        for (Platform platform : wanted) {
            List<Descriptor> best = best(platform, told);
            if (best.isEmpty() && untold.isEmpty()) {
                missing.add(platform);
            }
            chosen.addAll(best);
        }
        return new Choice(entries.stream().filter(chosen::contains).toList(), missing, offered);
    }

    private static List<Descriptor> best(Platform wanted, List<Descriptor> told) {
        for (Platform candidate : wanted.runs()) {
            List<Descriptor> fitting = told.stream()
                    .filter(entry -> platform(entry).equals(candidate))
                    .toList();
            if (!fitting.isEmpty()) {
                return fitting;
            }
        }
        return List.of();
    }

    private static boolean isUntold(Descriptor entry) {
        return entry.platform()
                .filter(platform ->
                        !platform.os().isEmpty() || !platform.architecture().isEmpty())
                .isEmpty();
    }

    private static boolean isTold(Descriptor entry) {
        return entry.platform().filter(Platform::isTold).isPresent();
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
                ? EVERY
                : String.join(",", wanted.stream().map(Platform::toString).toList());
    }
}
