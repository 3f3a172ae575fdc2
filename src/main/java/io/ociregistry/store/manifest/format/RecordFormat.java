package io.ociregistry.store.manifest.format;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamWriteConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.MediaType;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Tag;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.RecordedReference;
import java.io.IOException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads and writes manifest records as JSON that the Go program can read.
 *
 * <p>The keys {@code type digest imageUrl bytes v1.oci.* v2.docker.* created pulled} are those of the Go program.
 * {@code mediaType} and {@code references} are added by this program.
 *
 * <p>{@code bytes} is the exact manifest in base64 and is authoritative. Keys are read in any case, and unknown keys
 * are ignored. A record without {@code references} is read by {@link GoRecord}. Times are limited to the years 1970 to
 * 9999.
 */
public final class RecordFormat {
    private static final Logger LOG = LoggerFactory.getLogger(RecordFormat.class);

    /** Accepts every manifest that {@link Manifest} accepts: a record is larger and one level deeper. */
    private static final ObjectMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(StreamReadConstraints.DEFAULT_MAX_DEPTH + 1)
                            .maxStringLength(Integer.MAX_VALUE)
                            .build())
                    .streamWriteConstraints(StreamWriteConstraints.builder()
                            .maxNestingDepth(StreamWriteConstraints.DEFAULT_MAX_DEPTH + 1)
                            .build())
                    .build())
            .build();

    /** The latest time that is written as {@code yyyy} in every zone. A wrong clock may have given a later one. */
    public static final Instant MAX_TIME = Instant.parse("9999-12-31T00:00:00Z");

    /** Limits of a record: its parsed copy and base64 in bytes of the manifest, and space for a thousand names. */
    private static final int TIMES_MANIFEST = 4;

    private static final long NAMES_BYTES = 1L << 20;

    private RecordFormat() {}

    /** Returns the size of the largest record of a manifest with the given size. */
    public static long maxBytes(long maxManifestBytes) {
        return TIMES_MANIFEST * maxManifestBytes + NAMES_BYTES;
    }

    public static byte[] write(ManifestRecord record) throws IOException {
        Manifest manifest = record.manifest();
        byte[] bytes = manifest.toByteArray();
        RecordType type = RecordType.of(manifest.mediaType());
        RecordedReference main = mainReference(record.references());
        ObjectNode json = JSON.createObjectNode();
        json.put("type", type.number);
        json.put("digest", manifest.digest().hex());
        json.put("imageUrl", main.name().toString());
        json.put("bytes", bytes);
        for (RecordType each : RecordType.WITH_COPY) {
            json.set(each.copyKey, each == type ? each.copy.copy(JSON.readTree(bytes)) : each.copy.zero());
        }
        json.put(
                "created",
                zoneless(record.references().stream()
                        .map(RecordedReference::created)
                        .min(Comparator.naturalOrder())
                        .orElse(main.created())));
        json.put(
                "pulled",
                zoneless(record.references().stream()
                        .map(RecordedReference::pulled)
                        .max(Comparator.naturalOrder())
                        .orElse(main.pulled())));
        json.put("mediaType", manifest.mediaType().value());
        var references = json.putArray("references");
        for (RecordedReference reference : record.references()) {
            references
                    .addObject()
                    .put("name", reference.name().toString())
                    .put("created", millis(reference.created()))
                    .put("pulled", millis(reference.pulled()))
                    .put("checked", millis(reference.checked()));
        }
        return JSON.writeValueAsBytes(json);
    }

    private static JsonNode parse(byte[] bytes) throws IOException {
        try {
            return JSON.readTree(bytes);
        } catch (JsonProcessingException e) {
            // The full message of the exception has several lines.
            throw new IOException("it is not JSON: " + e.getOriginalMessage(), e);
        }
    }

    /**
     * Reads a record.
     *
     * @param fallback the time to use if the times in the record can't be read
     * @throws IOException if the bytes are not a record, or if its manifest has another digest than the record says
     */
    public static ManifestRecord read(byte[] bytes, Instant fallback) throws IOException {
        JsonNode json = parse(bytes);
        if (json == null || !json.isObject()) {
            throw new IOException("it is not a JSON object");
        }
        Map<String, JsonNode> fields = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        json.properties().forEach(field -> fields.putIfAbsent(field.getKey(), field.getValue()));
        JsonNode none = JSON.missingNode();
        try {
            Manifest manifest = manifest(fields);
            String digest = fields.getOrDefault("digest", none).asText("");
            if (!manifest.digest().hex().equals(digest)) {
                throw new IOException("its digest is " + digest + ", but its bytes have "
                        + manifest.digest().hex());
            }
            List<RecordedReference> references = references(fields.getOrDefault("references", none), manifest);
            return new ManifestRecord(
                    manifest,
                    references.isEmpty() ? List.of(new GoRecord(fields, fallback).reference(manifest)) : references);
        } catch (RegistryException | IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static Manifest manifest(Map<String, JsonNode> fields) throws IOException {
        JsonNode none = JSON.missingNode();
        byte[] bytes = fields.getOrDefault("bytes", none).binaryValue();
        if (bytes == null) {
            throw new IOException("it has no \"bytes\"");
        }
        String own = fields.getOrDefault("mediaType", none).asText("");
        return Manifest.parse(
                bytes,
                own.isEmpty()
                        ? RecordType.of(fields.getOrDefault("type", none).asInt(-1)).mediaType
                        : new MediaType(own));
    }

    /** Returns the references that can be read; an unreadable one does not make the record invalid. */
    private static List<RecordedReference> references(JsonNode array, Manifest manifest) {
        List<RecordedReference> references = new ArrayList<>();
        for (JsonNode each : array) {
            try {
                ImageReference name = ImageReference.parse(each.path("name").asText(""));
                references.add(reference(
                        GoRecord.withOwnDigest(name, manifest),
                        instant(each.path("created").asText("")),
                        instant(each.path("pulled").asText("")),
                        instant(each.path("checked").asText(""))));
            } catch (RegistryException e) {
                LOG.warn("skipping an invalid name in the record of {}: {}", manifest.digest(), e.getMessage());
            }
        }
        return references;
    }

    static RecordedReference reference(ImageReference name, Instant created, Instant pulled, Instant checked) {
        return new RecordedReference(name, possible(created), possible(pulled), possible(checked));
    }

    private static Instant possible(Instant time) {
        Instant notTooLate = time.isAfter(MAX_TIME) ? MAX_TIME : time;
        return notTooLate.isBefore(Instant.EPOCH) ? Instant.EPOCH : notTooLate;
    }

    /** Returns the name for programs that read only one: the tag that was confirmed last, otherwise the first name. */
    private static RecordedReference mainReference(List<RecordedReference> references) {
        return references.stream()
                .filter(reference -> reference.name().reference() instanceof Tag)
                .max(Comparator.comparing(RecordedReference::checked))
                .orElse(references.get(0));
    }

    private static Instant instant(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeParseException e) {
            return Instant.EPOCH;
        }
    }

    private static String millis(Instant instant) {
        return instant.truncatedTo(ChronoUnit.MILLIS).toString();
    }

    private static String zoneless(Instant instant) {
        return GoRecord.TIME.format(LocalDateTime.ofInstant(instant, ZoneId.systemDefault()));
    }
}
