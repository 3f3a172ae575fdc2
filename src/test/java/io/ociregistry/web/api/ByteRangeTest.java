package io.ociregistry.web.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteRangeTest {
    private static final String HUGE = "9".repeat(400);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bytes=0-0 | 0-1",
                "bytes=0-9 | 0-10",
                "bytes=0-99 | 0-100",
                "bytes=0-100 | 0-100",
                "bytes=99-99 | 99-100",
                "bytes=99- | 99-100",
                "bytes=0- | 0-100",
                "bytes=000000000000000000000-1 | 0-2",
                "bytes=10-999999999999999999 | 10-100",
                "bytes=10-9223372036854775807 | 10-100",
                "bytes=10-9223372036854775808 | 10-100",
                "bytes=-1 | 99-100",
                "bytes=-100 | 0-100",
                "bytes=-101 | 0-100",
                "bytes=-9223372036854775807 | 0-100",
                "bytes=-99999999999999999999 | 0-100",
                "bytes=0-0,-1 | 0-1 99-100",
                "bytes= 0-0 , 5-6 | 0-1 5-7",
                "bytes=5-6,0-0 | 5-7 0-1",
                "bytes=0-50,20-70 | 0-51 20-71",
                "bytes=0-0,100-,-0 | 0-1",
                "Bytes=0-0 | 0-1",
                "BYTES=0-0 | 0-1"
            })
    void rangeIsClampedToTheBody(String header, String expected) throws Exception {
        assertEquals(expected, parsed(header, 100));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "bytes=100-",
                "bytes=100-200",
                "bytes=-0",
                "bytes=-000",
                "bytes=100-,200-300",
                "bytes=9223372036854775807-",
                "bytes=9223372036854775806-9223372036854775807",
                "bytes=99999999999999999999-",
                "bytes=-0,-0"
            })
    void rangePastTheEndIsNotSatisfiable(String header) throws Exception {
        assertEquals(Optional.of(List.of()), ByteRange.parse(header, 100));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "bytes",
                "bytes=",
                "bytes= ",
                "bytes=-",
                "bytes=--1",
                "bytes=1",
                "bytes=a-b",
                "bytes=1-0",
                "bytes=0-0,9-8",
                "bytes=0-0,x",
                "bytes=1-2-3",
                "bytes=+1-2",
                "bytes=0x0-1",
                "bytes=1.0-2",
                "bytes=0 -1",
                "bytes=- 1",
                "bytes=٠-١",
                "items=0-1",
                "seconds=1-2",
                "0-1",
                "bytes 0-1/2",
                "bytes:0-1",
                "bytes =0-1",
                " bytes=0-1",
                "bytes=0-1;2-3",
                "bytes=0-\u0000",
                "none"
            })
    void invalidHeaderIsIgnored(String header) throws Exception {
        assertEquals(Optional.empty(), ByteRange.parse(header, 100));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes=0-0", "bytes=0-", "bytes=-1", "bytes=-0", "bytes=5-6"})
    void rangeOfEmptyBodyIsIgnored(String header) throws Exception {
        assertEquals(Optional.empty(), ByteRange.parse(header, 0));
    }

    @Test
    void moreThanHundredRangesAreRefused() throws Exception {
        assertEquals(
                100,
                ByteRange.parse("bytes=" + "0-0,".repeat(99) + "0-0", 10)
                        .orElseThrow()
                        .size());
        assertThrows(
                ByteRange.TooManyRangesException.class,
                () -> ByteRange.parse("bytes=" + "0-0,".repeat(100) + "0-0", 10));
        assertThrows(ByteRange.TooManyRangesException.class, () -> ByteRange.parse("bytes=" + ",".repeat(100_000), 10));
    }

    @Test
    void longHeaderIsParsedQuickly() {
        for (String spec :
                new String[] {" ".repeat(500_000), "1".repeat(500_000), "-".repeat(500_000), " ".repeat(99_999) + "0-"
                }) {
            assertTimeoutPreemptively(Duration.ofSeconds(2), () -> ByteRange.parse("bytes=" + spec + "x", 10));
        }
    }

    @Test
    void largestBodyHasRanges() throws Exception {
        assertEquals("0-" + Long.MAX_VALUE, parsed("bytes=0-" + HUGE, Long.MAX_VALUE));
        assertEquals("0-" + Long.MAX_VALUE, parsed("bytes=-" + HUGE, Long.MAX_VALUE));
        assertEquals("", parsed("bytes=" + HUGE + "-", Long.MAX_VALUE));
        assertEquals("", parsed("bytes=" + HUGE + "-" + HUGE, Long.MAX_VALUE));
    }

    @Test
    void contentRangeNamesFirstAndLastByte() {
        assertEquals("bytes 3-6/10", new ByteRange(3, 7).contentRange(10));
        assertEquals(4, new ByteRange(3, 7).length());
    }

    @Property
    void everyRangeIsWithinTheBody(@ForAll("headers") String header, @ForAll @LongRange(min = 0, max = 1000) long size)
            throws Exception {
        for (ByteRange range : ByteRange.parse(header, size).orElse(List.of())) {
            assertTrue(0 <= range.from() && range.from() < range.to() && range.to() <= size, range + " of " + size);
        }
    }

    @Property
    void rangeWithinTheBodyIsUnchanged(
            @ForAll @LongRange(min = 0, max = 1L << 60) long a, @ForAll @LongRange(min = 0, max = 1L << 60) long b)
            throws Exception {
        long first = Math.min(a, b);
        long last = Math.max(a, b);
        Optional<List<ByteRange>> expected = Optional.of(List.of(new ByteRange(first, last + 1)));
        assertEquals(expected, ByteRange.parse("bytes=" + first + "-" + last, last + 1));
        assertEquals(expected, ByteRange.parse("bytes=" + first + "-", last + 1));
        assertEquals(expected, ByteRange.parse("bytes=-" + (last + 1 - first), last + 1));
    }

    @Provide
    Arbitrary<String> headers() {
        Arbitrary<String> number = Arbitraries.oneOf(
                Arbitraries.integers().between(0, 1100).map(String::valueOf),
                Arbitraries.of("", "9223372036854775807", "18446744073709551616", "x"));
        Arbitrary<String> spec = number.flatMap(from -> number.map(to -> from + "-" + to));
        Arbitrary<String> ranges = spec.list().ofMinSize(1).ofMaxSize(5).map(list -> "bytes=" + String.join(",", list));
        Arbitrary<String> noise =
                Arbitraries.strings().withChars("bytes=-, 0123456789").ofMaxLength(30);
        return Arbitraries.oneOf(ranges, noise, noise.map(text -> "bytes=" + text));
    }

    private static String parsed(String header, long size) throws ByteRange.TooManyRangesException {
        return ByteRange.parse(header, size).orElseThrow().stream()
                .map(range -> range.from() + "-" + range.to())
                .collect(Collectors.joining(" "));
    }
}
