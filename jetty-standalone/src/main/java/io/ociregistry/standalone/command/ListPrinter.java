package io.ociregistry.standalone.command;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.config.model.ListConfig;
import io.ociregistry.registry.admin.CachedImage;
import io.ociregistry.standalone.cli.CliOption;
import io.ociregistry.standalone.cli.GivenOptions;
import io.ociregistry.standalone.cli.UsageException;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** An output format of {@code list}. */
interface ListPrinter {
    void print(Stream<CachedImage> images, PrintStream out);

    /** The format that the options set, with defaults of the configuration. */
    static ListPrinter of(GivenOptions options, ListConfig config) throws UsageException {
        var header = options.has(CliOption.HEADER, config.header());
        var shortDigest = options.has(CliOption.SHORT_DIGEST, config.shortDigest());
        var output = options.get(CliOption.OUTPUT).orElse("table");
        return switch (output) {
            case "table" -> new Table(header, shortDigest, false, ZoneId.systemDefault());
            case "wide" -> new Table(header, shortDigest, true, ZoneId.systemDefault());
            case "json" -> new Json();
            default -> throw new UsageException("--output '" + output + "' is not one of table, json and wide");
        };
    }

    /**
     * One line per image with a space between the columns, as the Go program prints them.
     *
     * @param wide whether to append more columns
     * @param zone the zone of the printed times
     */
    record Table(boolean header, boolean shortDigest, boolean wide, ZoneId zone) implements ListPrinter {
        private static final int SHORT = 10;
        private static final String NONE = "-";
        private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss", Locale.ROOT);

        @Override
        public void print(Stream<CachedImage> images, PrintStream out) {
            if (header) {
                out.println(
                        "IMAGE TAG/DIGEST TYPE CREATED PULLED SIZE(MB)" + (wide ? " PLATFORM COMPLETE DIGEST" : ""));
            }
            images.forEach(image -> out.println(String.join(" ", columns(image))));
        }

        private List<String> columns(CachedImage image) {
            var columns = new ArrayList<>(List.of(
                    image.image(),
                    reference(image.reference()),
                    image.type(),
                    time(image.created()),
                    time(image.pulled()),
                    size(image)));
            if (wide) {
                columns.add(image.platforms().isEmpty() ? NONE : String.join(",", image.platforms()));
                columns.add(image.complete() ? "yes" : "no");
                columns.add(shortened(image.digest()));
            }
            return columns;
        }

        /** A tag, or the digest without its algorithm. */
        private String reference(String reference) {
            return reference.contains(":") ? shortened(reference.substring(reference.indexOf(':') + 1)) : reference;
        }

        private String shortened(String digest) {
            int from = digest.indexOf(':') + 1;
            return shortDigest ? digest.substring(0, from + SHORT) : digest;
        }

        private String time(@Nullable String utc) {
            return utc == null ? NONE : TIME.format(Instant.parse(utc).atZone(zone));
        }

        /** The size in MB; the table has none for an index, as the Go program prints it. */
        private String size(CachedImage image) {
            boolean shown = image.size() > 0 && (wide || !image.type().equals(CachedImage.LIST));
            return shown ? String.format(Locale.ROOT, "%.1f", image.size() / 1e6) : "n/a";
        }
    }

    /** A JSON array with all properties, one image per line. */
    record Json() implements ListPrinter {
        private static final JsonMapper JSON = JsonMapper.builder().build();

        @Override
        public void print(Stream<CachedImage> images, PrintStream out) {
            out.print("[");
            String between = "\n";
            for (var each = images.iterator(); each.hasNext(); between = ",\n") {
                out.print(between + json(each.next()));
            }
            out.println("\n]");
        }

        private static String json(CachedImage image) {
            try {
                return JSON.writeValueAsString(image);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
