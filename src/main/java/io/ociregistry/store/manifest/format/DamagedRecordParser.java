package io.ociregistry.store.manifest.format;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.RegistryException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds digests and names in a damaged record.
 *
 * <p>A record contains every digest twice, as JSON and in base64, so that most damage leaves one of them readable.
 */
public final class DamagedRecordParser {
    private static final Pattern DIGEST = Pattern.compile("sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}");
    private static final Pattern BASE64 = Pattern.compile("[A-Za-z0-9+/]{100,}+");
    private static final Pattern NAME =
            Pattern.compile("\"(?:imageUrl|name)\"\\s*:\\s*\"([^\"\\\\]{1,1000})\"", Pattern.CASE_INSENSITIVE);

    private final String text;

    public DamagedRecordParser(byte[] bytes) {
        this.text = new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /** Returns every digest that is readable in the record. */
    public Set<Digest> digests() {
        Set<Digest> found = new HashSet<>();
        addDigests(text, found);
        Matcher run = BASE64.matcher(text);
        while (run.find()) {
            // If the first characters are lost, the first group of four may start at any of four positions.
            for (int from = run.start(); from < run.start() + 4; from++) {
                addDigests(decoded(text.substring(from, from + (run.end() - from) / 4 * 4)), found);
            }
        }
        return found;
    }

    private static void addDigests(String text, Set<Digest> found) {
        Matcher digest = DIGEST.matcher(text);
        while (digest.find()) {
            found.add(Digest.parse(digest.group()));
        }
    }

    private static String decoded(String base64) {
        return new String(Base64.getDecoder().decode(base64), StandardCharsets.ISO_8859_1);
    }

    /** Returns every image name that is readable in the record. */
    public Set<ImageReference> names() {
        Set<ImageReference> found = new HashSet<>();
        Matcher name = NAME.matcher(text);
        while (name.find()) {
            image(name.group(1)).ifPresent(found::add);
        }
        return found;
    }

    /** Returns empty for a damaged name or a name of something else. */
    private static Optional<ImageReference> image(String name) {
        try {
            ImageReference parsed = ImageReference.parse(name);
            return Optional.of(new ImageReference(parsed.repository().canonical(), parsed.reference()));
        } catch (RegistryException malformed) {
            return Optional.empty();
        }
    }
}
