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
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** An output format of {@code list}. */
interface ListPrinter {
    void print(Stream<CachedImage> images, PrintStream out);

    /** The format that the options set, with defaults of the configuration. */
    static ListPrinter of(GivenOptions options, ListConfig config) throws UsageException {
        var header = options.has(CliOption.HEADER, config.header());
        var rows = new Rows(
                options.has(CliOption.SHORT_DIGEST, config.shortDigest()),
                !options.get(CliOption.OUTPUT).orElse("table").equals("table"),
                ZoneId.systemDefault());
        var output = options.get(CliOption.OUTPUT).orElse("table");
        return switch (output) {
            case "table", "wide" -> new Table(header, rows);
            case "csv" -> new Csv(header, rows);
            case "json" -> new Json();
            default -> throw new UsageException("--output '" + output + "' is not one of table, wide, json and csv");
        };
    }

    /** One line per image with aligned columns. All images are read before the first line, to know the widths. */
    record Table(boolean header, Rows rows) implements ListPrinter {
        private static final int GAP = 2;

        @Override
        public void print(Stream<CachedImage> images, PrintStream out) {
            var lines = Stream.concat(header ? Stream.of(rows.header()) : Stream.of(), images.map(rows::of))
                    .toList();
            var widths = widths(lines);
            lines.forEach(line -> out.println(aligned(line, widths)));
        }

        private int[] widths(List<List<String>> lines) {
            var widths = new int[rows.header().size()];
            for (var line : lines) {
                for (int column = 0; column < widths.length; column++) {
                    widths[column] = Math.max(widths[column], line.get(column).length());
                }
            }
            return widths;
        }

        private static String aligned(List<String> line, int[] widths) {
            var text = new StringBuilder();
            int end = 0;
            for (int column = 0; column < widths.length; column++) {
                text.append(" ".repeat(Math.max(0, end - text.length()))).append(line.get(column));
                end += widths[column] + GAP;
            }
            return text.toString();
        }
    }

    /** The columns of the wide table as comma-separated values (RFC 4180). */
    record Csv(boolean header, Rows rows) implements ListPrinter {
        @Override
        public void print(Stream<CachedImage> images, PrintStream out) {
            if (header) {
                out.println(line(rows.header()));
            }
            images.forEach(image -> out.println(line(rows.of(image))));
        }

        private static String line(List<String> values) {
            return values.stream().map(Csv::quoted).collect(Collectors.joining(","));
        }

        private static String quoted(String value) {
            return value.contains(",") || value.contains("\"") ? '"' + value.replace("\"", "\"\"") + '"' : value;
        }
    }

    /**
     * The columns of an image as text, named and formatted as the Go program prints them.
     *
     * @param wide whether there are more columns
     * @param zone the zone of the times
     */
    record Rows(boolean shortDigest, boolean wide, ZoneId zone) {
        private static final int SHORT = 10;
        private static final String NONE = "-";
        private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss", Locale.ROOT);
        private static final List<String> NARROW =
                List.of("IMAGE", "TAG/DIGEST", "TYPE", "CREATED", "PULLED", "SIZE(MB)");
        private static final List<String> MORE = List.of("PLATFORM", "COMPLETE", "DIGEST");

        List<String> header() {
            return wide ? Stream.concat(NARROW.stream(), MORE.stream()).toList() : NARROW;
        }

        List<String> of(CachedImage image) {
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
