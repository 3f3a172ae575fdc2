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
 * What a record says that the Go program wrote: one name, and times without a zone, which are in the server's; one that can't be read is as
 * old as the file.
 *
 * <p>Its {@code load} gives the image that it chose from a list the list's name: by tag always, by digest in some versions. So a digest in a
 * name is the manifest's own whatever it says, and an image's claim to a tag is the weakest there is: its {@code checked} is in January 1970,
 * before all lists, in the order of creation among each other. Where no list claims the tag it is the image's.
 */
final class GoRecord {
    static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss", Locale.ROOT);

    private final Map<String, JsonNode> fields;
    private final Instant fallback;

    /**
     * A record.
     *
     * @param fields by their names, in any case
     * @param fallback the time of the file
     */
    GoRecord(Map<String, JsonNode> fields, Instant fallback) {
        this.fields = fields;
        this.fallback = fallback;
    }

    /**
     * The name it tells, as requests are understood here.
     *
     * @throws io.ociregistry.oci.RegistryException if it can't be a name
     */
    RecordedReference reference(Manifest manifest) {
        ImageReference told = ImageReference.parse(text("imageUrl"));
        ImageReference name = ownName(new ImageReference(told.repository().canonical(), told.reference()), manifest);
        Instant created = time("created", fallback);
        return RecordFormat.reference(
                name, created, time("pulled", created), isWeak(name, manifest) ? weak(created) : created);
    }

    /** The same, but no other digest than one of the manifest: nobody may get these bytes for that. */
    static ImageReference ownName(ImageReference name, Manifest manifest) {
        boolean isOther = name.reference() instanceof Digest digest && !manifest.is(digest);
        return isOther ? new ImageReference(name.repository(), manifest.digest()) : name;
    }

    private static boolean isWeak(ImageReference name, Manifest manifest) {
        return name.reference() instanceof Tag && RecordType.of(manifest.mediaType()).kind == Layout.Kind.IMAGE;
    }

    private static Instant weak(Instant created) {
        return Instant.ofEpochMilli(Math.max(0, created.getEpochSecond()));
    }

    private Instant time(String key, Instant otherwise) {
        try {
            return LocalDateTime.parse(text(key), TIME)
                    .atZone(ZoneId.systemDefault())
                    .toInstant();
        } catch (DateTimeParseException e) {
            return otherwise;
        }
    }

    private String text(String key) {
        return fields.getOrDefault(key, MissingNode.getInstance()).asText("");
    }
}
