package io.ociregistry.store.manifest.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Tag;
import io.ociregistry.store.RecordedReference;
import io.ociregistry.store.disk.Layout;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.Map;

/**
 * The name and times in a record that the Go program wrote.
 *
 * <p>The times have no zone and count as local time of this server. An unreadable time is replaced by the time of the
 * file.
 *
 * <p>The {@code load} command of the Go program gives an image that it chose from an index the name of the index:
 * always if the name has a tag, in some versions also if it has a digest. Therefore, a digest in a name is replaced by
 * the digest of the manifest, and an index wins a tag over an image (ADR 19): the {@code checked} time of an image is
 * set to January 1970, before every index, and images keep their order of creation. If no index has the tag, an image
 * has it.
 */
final class GoRecord {
    static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss", Locale.ROOT);

    private final Map<String, JsonNode> fields;
    private final Instant fallback;

    /**
     * Creates a view of a parsed record.
     *
     * @param fields by name, ignoring case
     * @param fallback the modification time of the file
     */
    GoRecord(Map<String, JsonNode> fields, Instant fallback) {
        this.fields = fields;
        this.fallback = fallback;
    }

    /**
     * Returns the name and times of the record, with the canonical name of the repository.
     *
     * @throws io.ociregistry.oci.RegistryException if {@code imageUrl} is not an image name
     */
    RecordedReference reference(Manifest manifest) {
        ImageReference parsed = ImageReference.parse(text("imageUrl"));
        ImageReference canonical = new ImageReference(parsed.repository().canonical(), parsed.reference());
        ImageReference name = withOwnDigest(canonical, manifest);
        Instant created = time("created", fallback);
        return RecordFormat.reference(
                name, created, time("pulled", created), isWeak(name, manifest) ? weak(created) : created);
    }

    /** Returns the name, with a digest of other content replaced: clients must not get these bytes for that digest. */
    static ImageReference withOwnDigest(ImageReference name, Manifest manifest) {
        boolean isOther = name.reference() instanceof Digest digest && !manifest.hasDigest(digest);
        return isOther ? new ImageReference(name.repository(), manifest.digest()) : name;
    }

    private static boolean isWeak(ImageReference name, Manifest manifest) {
        return name.reference() instanceof Tag && RecordType.of(manifest.mediaType()).kind == Layout.Kind.IMAGE;
    }

    private static Instant weak(Instant created) {
        return Instant.ofEpochMilli(Math.max(0, created.getEpochSecond()));
    }

    private Instant time(String key, Instant fallbackTime) {
        try {
            return LocalDateTime.parse(text(key), TIME)
                    .atZone(ZoneId.systemDefault())
                    .toInstant();
        } catch (DateTimeParseException e) {
            return fallbackTime;
        }
    }

    private String text(String key) {
        return fields.getOrDefault(key, MissingNode.getInstance()).asText("");
    }
}
