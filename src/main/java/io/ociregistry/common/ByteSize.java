package io.ociregistry.common;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A number of bytes: {@code 4393216}, {@code 2MiB} (2^20 each) or {@code 10GB} (10^9 each). Units count in either case and with or without the B,
 * as Kubernetes writes quantities: with an i they are powers of 1024, else of 1000. The one parser wherever a size is read.
 */
public final class ByteSize {
    private static final Pattern GRAMMAR =
            Pattern.compile("([0-9]{1,18}(?:\\.[0-9]{1,9})?) ?(?:([KMGTP])(I)?)?B?", Pattern.CASE_INSENSITIVE);

    private static final String UNITS = "KMGTP";

    private ByteSize() {}

    /** Bytes for people, with one decimal in the decimal unit that suits them: {@code 4.4 MB}. */
    public static String format(long bytes) {
        if (bytes < 1000) {
            return bytes + " B";
        }
        double value = bytes / 1e3;
        int unit = 0;
        // From here on one decimal would read as 1000.0.
        while (value >= 999.95) {
            value /= 1e3;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %sB", value, "kMGTPE".charAt(unit));
    }

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
        BigDecimal base = BigDecimal.valueOf(matcher.group(3) == null ? 1000 : 1024);
        String unit = matcher.group(2);
        int power = unit == null ? 0 : 1 + UNITS.indexOf(unit.toUpperCase(Locale.ROOT));
        BigDecimal bytes = new BigDecimal(matcher.group(1)).multiply(base.pow(power));
        if (bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
            throw new IllegalArgumentException("'" + text + "' is more bytes than there can be");
        }
        return bytes.setScale(0, RoundingMode.DOWN).longValue();
    }
}
