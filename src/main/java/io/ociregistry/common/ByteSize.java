package io.ociregistry.common;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Parses and formats a number of bytes: {@code 4393216}, {@code 2MiB} (2 * 2^20) or {@code 10GB} (10 * 10^9).
 *
 * <p>Units are accepted in upper and lower case and with or without the B, as in Kubernetes quantities. Units with an i
 * are powers of 1024, the others are powers of 1000. All sizes that users write are read by this parser.
 */
public final class ByteSize {
    private static final Pattern GRAMMAR =
            Pattern.compile("([0-9]{1,18}(?:\\.[0-9]{1,9})?) ?(?:([KMGTP])(I)?)?B?", Pattern.CASE_INSENSITIVE);

    private static final String UNITS = "KMGTP";

    private ByteSize() {}

    /** Formats a number of bytes for people, with one decimal in the largest decimal unit that fits: {@code 4.4 MB}. */
    public static String format(long bytes) {
        if (bytes < 1000) {
            return bytes + " B";
        }
        double value = bytes / 1e3;
        int unit = 0;
        // A value of 999.95 or more would be printed as 1000.0.
        while (value >= 999.95) {
            value /= 1e3;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %sB", value, "kMGTPE".charAt(unit));
    }

    /**
     * Parses a size.
     *
     * @throws IllegalArgumentException if the text is not a size; the message says what to write
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
            throw new IllegalArgumentException(
                    "'" + text + "' is not a size; the largest size is " + Long.MAX_VALUE + " bytes");
        }
        return bytes.setScale(0, RoundingMode.DOWN).longValue();
    }
}
