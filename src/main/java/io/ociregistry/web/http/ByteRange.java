package io.ociregistry.web.http;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A part of a body, as RFC 9110 section 14 has it.
 *
 * @param from the first byte
 * @param to the byte after the last one; more than {@code from}
 */
public record ByteRange(long from, long to) {
    private static final int LIMIT = 100;
    private static final String UNIT = "bytes=";
    private static final Pattern SPEC = Pattern.compile("\\s*+(?:([0-9]++)-([0-9]++)?|-([0-9]++))\\s*+");
    private static final BigInteger MAX = BigInteger.valueOf(Long.MAX_VALUE);

    /**
     * What a {@code Range} header asks of a body of that size.
     *
     * @return empty if it is to be ignored, as one with another unit or a mistake is; no ranges if none of them can be satisfied
     * @throws TooMany if it asks for more than 100
     */
    public static Optional<List<ByteRange>> parse(String header, long size) throws TooMany {
        // Range units are compared without regard to case.
        if (!header.regionMatches(true, 0, UNIT, 0, UNIT.length()) || size == 0) {
            return Optional.empty();
        }
        String[] specs = header.substring(UNIT.length()).split(",", LIMIT + 2);
        if (specs.length > LIMIT) {
            throw new TooMany();
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

    /** The value of {@code Content-Range}. */
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

    /** Positions may have any number of digits; no body is larger than a long can tell. */
    private static long number(String digits) {
        return new BigInteger(digits).min(MAX).longValue();
    }

    /** More ranges than we answer; DECISIONS 10. */
    public static final class TooMany extends Exception {
        private static final long serialVersionUID = 1L;
    }
}
