package io.ociregistry.oci;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The operating system and processor that an image runs on (image specification, "Image Index"); unknown parts are
 * empty.
 *
 * <p>A platform has several spellings, such as {@code x86_64} and {@code amd64}, {@code arm64/v8} and {@code arm64}:
 * compare the {@link #normalized()} form. Spellings and compatibility rules are those of containerd.
 */
public record Platform(String os, String architecture, String variant) {
    private static final Pattern PART = Pattern.compile("[A-Za-z0-9_.-]{1,64}");
    private static final Pattern VERSION = Pattern.compile("v[1-9]");

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
                            + " is not a platform: expected os/architecture or os/architecture/variant,"
                            + " like linux/arm64 or linux/arm/v7");
        }
        return new Platform(parts[0], parts[1], parts.length == 3 ? parts[2] : "");
    }

    /** False if the index gives no platform for the entry, or gives {@code unknown}, as for attestations. */
    public boolean isKnown() {
        return !os.isEmpty() && !architecture.isEmpty() && !os.equals("unknown") && !architecture.equals("unknown");
    }

    /** Returns the usual spelling, without a variant that is the default of its architecture; arm alone is v7. */
    public Platform normalized() {
        String system = os.toLowerCase(Locale.ROOT);
        String processor = architecture.toLowerCase(Locale.ROOT);
        String version = variant.toLowerCase(Locale.ROOT);
        return switch (processor) {
            case "i386", "i686" -> of(system, "386", "");
            case "amd64", "x86_64", "x86-64" -> of(system, "amd64", version.equals("v1") ? "" : version);
            case "arm64", "aarch64" -> of(system, "arm64", version.equals("8") || version.equals("v8") ? "" : version);
            case "arm" -> of(system, "arm", version.isEmpty() ? "v7" : withV(version));
            case "armhf" -> of(system, "arm", "v7");
            case "armel" -> of(system, "arm", "v6");
            default -> of(system, processor, version);
        };
    }

    /** The platforms whose images run on this one, best first, starting with this one; all are normalized. */
    public List<Platform> compatiblePlatforms() {
        Platform self = normalized();
        List<Platform> found = new ArrayList<>();
        found.add(self);
        switch (self.architecture) {
            case "amd64" -> {
                self.addOlderVersions(found, 1);
                found.add(of(self.os, "386", ""));
            }
            case "arm" -> self.addOlderVersions(found, 5);
            case "arm64" -> {
                self.withoutVariant().ifPresent(found::add);
                found.addAll(of(self.os, "arm", "v8").compatiblePlatforms());
            }
            default -> {
                // No other platform's images run on it.
            }
        }
        return List.copyOf(found);
    }

    private void addOlderVersions(List<Platform> found, int oldest) {
        if (VERSION.matcher(variant).matches()) {
            for (int version = variant.charAt(1) - '0' - 1; version >= oldest; version--) {
                found.add(of(os, architecture, "v" + version).normalized());
            }
        }
    }

    /** For {@code arm64/v8.2} and {@code v9}: {@code arm64}, whose images every such processor runs. */
    private Optional<Platform> withoutVariant() {
        return variant.isEmpty() ? Optional.empty() : Optional.of(of(os, architecture, ""));
    }

    private static String withV(String variant) {
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
