package io.ociregistry.oci;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What an image runs on (image specification, "Image Index"); parts that are not told are empty.
 *
 * <p>One thing has several spellings, {@code x86_64} and {@code amd64}, {@code arm64/v8} and {@code arm64}: {@link #normalized()} is the one to
 * compare. The spellings, and what runs on what else, are as containerd has them.
 */
public record Platform(String os, String architecture, String variant) {
    private static final Pattern PART = Pattern.compile("[A-Za-z0-9_.-]{1,64}");
    private static final Pattern VERSION = Pattern.compile("v[1-9]");

    /** One without a variant. */
    public Platform(String os, String architecture) {
        this(os, architecture, "");
    }

    /**
     * Parses {@code os/architecture} or {@code os/architecture/variant}.
     *
     * @throws RegistryException {@link ErrorCode#REQUEST_INVALID} if it has another form
     */
    public static Platform parse(String text) {
        String[] parts = text.split("/", -1);
        boolean valid = parts.length == 2 || parts.length == 3;
        for (String part : parts) {
            valid &= PART.matcher(part).matches();
        }
        if (!valid) {
            throw new RegistryException(
                    ErrorCode.REQUEST_INVALID,
                    Text.quoted(text)
                            + " is no platform: expected os/architecture or os/architecture/variant, like linux/arm64 or linux/arm/v7");
        }
        return new Platform(parts[0], parts[1], parts.length == 3 ? parts[2] : "");
    }

    /** False where an index does not say what an entry runs on, or says that it is unknown, as it does of attestations. */
    public boolean isTold() {
        return !os.isEmpty() && !architecture.isEmpty() && !os.equals("unknown") && !architecture.equals("unknown");
    }

    /** The same in its usual spelling: no variant where there is only one, or the oldest is meant. */
    public Platform normalized() {
        String system = os.toLowerCase(Locale.ROOT);
        String processor = architecture.toLowerCase(Locale.ROOT);
        String kind = variant.toLowerCase(Locale.ROOT);
        return switch (processor) {
            case "i386", "i686" -> of(system, "386", "");
            case "amd64", "x86_64", "x86-64" -> of(system, "amd64", kind.equals("v1") ? "" : kind);
            case "arm64", "aarch64" -> of(system, "arm64", kind.equals("8") || kind.equals("v8") ? "" : kind);
            case "arm" -> of(system, "arm", kind.isEmpty() ? "v7" : numbered(kind));
            case "armhf" -> of(system, "arm", "v7");
            case "armel" -> of(system, "arm", "v6");
            default -> of(system, processor, kind);
        };
    }

    /** Whose images run on this, the best first and this itself before all. All are normalized. */
    public List<Platform> runs() {
        Platform self = normalized();
        List<Platform> found = new ArrayList<>();
        found.add(self);
        switch (self.architecture) {
            case "amd64" -> {
                self.older(found, 1);
                found.add(of(self.os, "386", ""));
            }
            case "arm" -> self.older(found, 5);
            case "arm64" -> {
                self.withoutMinor().ifPresent(found::add);
                found.addAll(of(self.os, "arm", "v8").runs());
            }
            default -> {
                // Nothing else.
            }
        }
        return List.copyOf(found);
    }

    private void older(List<Platform> found, int oldest) {
        if (VERSION.matcher(variant).matches()) {
            for (int version = variant.charAt(1) - '0' - 1; version >= oldest; version--) {
                found.add(of(os, architecture, "v" + version).normalized());
            }
        }
    }

    /** Of {@code arm64/v8.2} and {@code v9}: what every arm64 runs. */
    private Optional<Platform> withoutMinor() {
        return variant.isEmpty() ? Optional.empty() : Optional.of(of(os, architecture, ""));
    }

    private static String numbered(String variant) {
        return variant.startsWith("v") ? variant : "v" + variant;
    }

    private static Platform of(String os, String architecture, String variant) {
        return new Platform(os.equals("macos") ? "darwin" : os, architecture, variant);
    }

    @Override
    public String toString() {
        return os + "/" + architecture + (variant.isEmpty() ? "" : "/" + variant);
    }
}
