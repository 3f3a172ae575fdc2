package io.ociregistry.config;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.regex.Pattern;

/** A number of bytes: {@code 4393216}, {@code 2MiB} (2^20 each) or {@code 10GB} (10^9 each). */
public final class ByteSize {
    private static final Pattern GRAMMAR = Pattern.compile("([0-9]{1,18}(?:\\.[0-9]{1,9})?) ?((?:[KMGT]i?)?B|)");

    private ByteSize() {}

    /**
     * Parses one.
     *
     * @throws IllegalArgumentException if it is none; the message says what to write
     */
    public static long parse(String text) {
        var matcher = GRAMMAR.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text + "' is not a size; write for example 4393216, 2MiB or 10GB");
        }
        var bytes = new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(bytesIn(matcher.group(2))));
        if (bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
            throw new IllegalArgumentException("'" + text + "' is more bytes than there can be");
        }
        return bytes.setScale(0, RoundingMode.DOWN).longValue();
    }

    private static long bytesIn(String unit) {
        return switch (unit) {
            case "KB" -> 1_000;
            case "MB" -> 1_000_000;
            case "GB" -> 1_000_000_000;
            case "TB" -> 1_000_000_000_000L;
            case "KiB" -> 1L << 10;
            case "MiB" -> 1L << 20;
            case "GiB" -> 1L << 30;
            case "TiB" -> 1L << 40;
            default -> 1;
        };
    }
}
