package io.ociregistry.store.manifest.index;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.MediaType;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.RecordedReference;
import io.ociregistry.store.manifest.RecordFiles;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * A line of the {@link IndexSnapshot}: the summary of a record and the stamp of its files.
 *
 * <p>Fields are separated by tabs, list members by spaces: CRC-32C of the rest of the line, file stamp, digest, media
 * type, size, subject, names with their times (created, pulled and checked in epoch milliseconds), children, blobs with
 * their size and {@code foreign} if they are foreign.
 *
 * @param fileStamp see {@link RecordFiles#fileStamp}
 */
record SummaryLine(long fileStamp, ManifestSummary summary) {
    private static final int FIELDS = 9;
    private static final String NONE = "-";

    /** Parses a line; empty if its checksum or format is wrong. */
    static Optional<SummaryLine> parse(String line) {
        int tab = line.indexOf('\t');
        if (tab < 0 || !line.substring(0, tab).equals(checksum(line.substring(tab + 1)))) {
            return Optional.empty();
        }
        try {
            String[] fields = line.split("\t", -1);
            return fields.length == FIELDS ? Optional.of(of(fields)) : Optional.empty();
        } catch (RegistryException | IllegalArgumentException | IndexOutOfBoundsException otherVersion) {
            return Optional.empty();
        }
    }

    private static SummaryLine of(String[] fields) {
        ManifestSummary summary = new ManifestSummary(
                digest(fields[2]),
                new MediaType(fields[3]),
                Integer.parseInt(fields[4]),
                list(fields[6], SummaryLine::reference),
                list(fields[7], SummaryLine::digest),
                list(fields[8], SummaryLine::blob),
                fields[5].equals(NONE) ? Optional.empty() : Optional.of(digest(fields[5])));
        return new SummaryLine(HexFormat.fromHexDigitsToLong(fields[1]), summary);
    }

    @Override
    public String toString() {
        String rest = String.join(
                "\t",
                HexFormat.of().toHexDigits(fileStamp),
                text(summary.digest()),
                summary.mediaType().value(),
                String.valueOf(summary.size()),
                summary.subject().map(SummaryLine::text).orElse(NONE),
                text(summary.references(), SummaryLine::text),
                text(summary.children(), SummaryLine::text),
                text(summary.blobs(), SummaryLine::text));
        return checksum(rest) + "\t" + rest;
    }

    private static String checksum(String text) {
        CRC32C checksum = new CRC32C();
        checksum.update(text.getBytes(StandardCharsets.ISO_8859_1));
        return HexFormat.of().toHexDigits(checksum.getValue(), 8);
    }

    private static <T> List<T> list(String text, Function<String, T> parse) {
        return text.isEmpty()
                ? List.of()
                : Arrays.stream(text.split(" ", -1)).map(parse).toList();
    }

    private static <T> String text(List<T> list, Function<T, String> print) {
        return list.stream().map(print).collect(Collectors.joining(" "));
    }

    private static RecordedReference reference(String text) {
        String[] parts = text.split(",", -1);
        return new RecordedReference(
                ImageReference.parse(parts[0]), instant(parts[1]), instant(parts[2]), instant(parts[3]));
    }

    private static String text(RecordedReference reference) {
        return reference.name() + ","
                + Stream.of(reference.created(), reference.pulled(), reference.checked())
                        .map(time -> String.valueOf(time.toEpochMilli()))
                        .collect(Collectors.joining(","));
    }

    private static Instant instant(String millis) {
        return Instant.ofEpochMilli(Long.parseLong(millis));
    }

    /** Parses a digest; without an algorithm it is SHA-256. */
    private static Digest digest(String text) {
        return text.indexOf(':') < 0 ? new Digest(Digest.Algorithm.SHA256, text) : Digest.parse(text);
    }

    private static String text(Digest digest) {
        return digest.algorithm() == Digest.Algorithm.SHA256 ? digest.hex() : digest.toString();
    }

    private static ManifestSummary.Blob blob(String text) {
        String[] parts = text.split(",", -1);
        return new ManifestSummary.Blob(digest(parts[0]), Long.parseLong(parts[1]), parts.length > 2);
    }

    private static String text(ManifestSummary.Blob blob) {
        return text(blob.digest()) + "," + blob.size() + (blob.isForeign() ? ",foreign" : "");
    }
}
