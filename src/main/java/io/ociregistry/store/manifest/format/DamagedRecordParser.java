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
 * What can still be read of a record that is none any more. It tells everything twice, once as JSON and once in base64, so that most of what
 * disks do to it leaves every digest in one of them.
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

    /** Every digest that is written in it. */
    public Set<Digest> digests() {
        Set<Digest> found = new HashSet<>();
        addDigests(text, found);
        Matcher run = BASE64.matcher(text);
        while (run.find()) {
            // Where its beginning is lost, it may begin with any of four characters.
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

    /** Every image that it seems to be a name of. */
    public Set<ImageReference> names() {
        Set<ImageReference> found = new HashSet<>();
        Matcher name = NAME.matcher(text);
        while (name.find()) {
            image(name.group(1)).ifPresent(found::add);
        }
        return found;
    }

    /** Empty for a name of something else, or one that is damaged. */
    private static Optional<ImageReference> image(String name) {
        try {
            ImageReference told = ImageReference.parse(name);
            return Optional.of(new ImageReference(told.repository().canonical(), told.reference()));
        } catch (RegistryException none) {
            return Optional.empty();
        }
    }
}
