package io.ociregistry.web.api;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A byte range of a body (RFC 9110 section 14).
 *
 * @param from the first byte
 * @param to the byte after the last one; more than {@code from}
 */
public record ByteRange(long from, long to) {
    private static final int MAX_RANGES = 100;
    private static final String UNIT = "bytes=";
    private static final Pattern SPEC = Pattern.compile("\\s*+(?:([0-9]++)-([0-9]++)?|-([0-9]++))\\s*+");
    private static final BigInteger MAX = BigInteger.valueOf(Long.MAX_VALUE);

    /**
     * Parses a {@code Range} header for a body of the given size.
     *
     * @return the satisfiable ranges, an empty list if none is satisfiable; {@code Optional.empty} if the header is to
     *     be ignored, because its unit is not bytes or its syntax is wrong
     * @throws TooManyRangesException if the header has more than 100 ranges
     */
    public static Optional<List<ByteRange>> parse(String header, long size) throws TooManyRangesException {
        // Range units are case-insensitive.
        if (!header.regionMatches(true, 0, UNIT, 0, UNIT.length()) || size == 0) {
            return Optional.empty();
        }
        String[] specs = header.substring(UNIT.length()).split(",", MAX_RANGES + 2);
        if (specs.length > MAX_RANGES) {
            throw new TooManyRangesException();
        }
        List<ByteRange> ranges = new ArrayList<>();
        for (String spec : specs) {
            Matcher matcher = SPEC.matcher(spec);
            if (!matcher.matches() || isBackwards(matcher)) {
                return Optional.empty();
            }
            range(matcher, size).ifPresent(ranges::add);
        }
        return Optional.of(ranges);
    }

    public long length() {
        return to - from;
    }

    /** Returns the value of {@code Content-Range}. */
    public String contentRange(long size) {
        return "bytes " + from + "-" + (to - 1) + "/" + size;
    }

    private static boolean isBackwards(Matcher matcher) {
        return matcher.group(2) != null && number(matcher.group(2)) < number(matcher.group(1));
    }

    private static Optional<ByteRange> range(Matcher matcher, long size) {
        if (matcher.group(3) != null) {
            long suffix = Math.min(size, number(matcher.group(3)));
            return suffix == 0 ? Optional.empty() : Optional.of(new ByteRange(size - suffix, size));
        }
        long from = number(matcher.group(1));
        long to = matcher.group(2) == null ? size : Math.min(size - 1, number(matcher.group(2))) + 1;
        return from >= size ? Optional.empty() : Optional.of(new ByteRange(from, to));
    }

    /** Positions may have any number of digits; larger ones than a long are past the end of any body. */
    private static long number(String digits) {
        return new BigInteger(digits).min(MAX).longValue();
    }

    /** Thrown for more than 100 ranges. A server may refuse such requests as an attack (RFC 9110 section 17.15). */
    public static final class TooManyRangesException extends Exception {
        private static final long serialVersionUID = 1L;
    }
}
