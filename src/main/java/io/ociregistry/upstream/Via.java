package io.ociregistry.upstream;

import io.ociregistry.upstream.work.UpstreamExecutors;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The servers that a request came through before it came here (RFC 9110, 7.6.3), which is how loops are noticed.
 *
 * <p>It belongs to the thread that works for the request, and goes along with the work that this one gives to {@link UpstreamExecutors}. Work
 * for nobody in particular has come through none.
 *
 * @param hops entries of the header as they came, the first server first
 */
public record Via(List<String> hops) {
    private static final Via NONE = new Via(List.of());
    private static final ThreadLocal<Via> HERE = new ThreadLocal<>();
    /**
     * Protocol, who received it, and a comment, which may hold commas. No protocol is longer; without a bound a header of one long word takes a
     * second.
     */
    private static final Pattern HOP =
            Pattern.compile("[!-~&&[^,()]]{1,32}+[ \t]++[!-~&&[^,()]]++(?:[ \t]*\\([ -~&&[^()]]*\\))?");

    private static final Pattern FIELDS = Pattern.compile("[ \t]+");
    private static final String PREFIX = "ociregistry-";
    private static final Pattern PSEUDONYM = Pattern.compile(PREFIX + "[0-9a-f]{16}");
    /** For who is no ociregistry (RFC 9110, 7.6.3: names inside of a network are nobody's business outside). */
    private static final String SOMEBODY = "somebody";

    public Via {
        hops = List.copyOf(hops);
    }

    /** What the headers of that name say. What can't be understood is left out; nothing is thrown. */
    public static Via parse(List<String> headers) {
        if (headers.isEmpty()) {
            return NONE;
        }
        List<String> hops = new ArrayList<>();
        for (String header : headers) {
            Matcher hop = HOP.matcher(header);
            while (hop.find()) {
                hops.add(hop.group());
            }
        }
        return new Via(hops);
    }

    /** A name for this process in such headers, which tells nobody what or where it is. */
    public static String pseudonym() {
        byte[] random = new byte[8];
        new SecureRandom().nextBytes(random);
        return PREFIX + HexFormat.of().formatHex(random);
    }

    /** What the calling thread's work came through. */
    public static Via here() {
        Via via = HERE.get();
        return via == null ? NONE : via;
    }

    /** Does some work of a request that came through these. */
    public <T> T during(Supplier<T> work) {
        Via before = HERE.get();
        HERE.set(this);
        try {
            return work.get();
        } finally {
            if (before == null) {
                HERE.remove();
            } else {
                HERE.set(before);
            }
        }
    }

    /** The same work, for whichever thread completes what it waits for. */
    public static <T> Supplier<T> keptFor(Supplier<T> work) {
        Via here = here();
        return () -> here.during(work);
    }

    /** Work for the calling thread's request that another thread will do. */
    public static Runnable carriedOn(Runnable work) {
        Via via = here();
        return () -> via.run(work);
    }

    /** Does work that was given away for such a request. */
    public void run(Runnable work) {
        during(() -> {
            work.run();
            return hops;
        });
    }

    public boolean cameThrough(String pseudonym) {
        return hops.stream().anyMatch(hop -> receiver(hop).equals(pseudonym));
    }

    private static String receiver(String hop) {
        return FIELDS.split(hop, 3)[1];
    }

    private static String withoutNames(String hop) {
        String receiver = receiver(hop);
        return "1.1 " + (PSEUDONYM.matcher(receiver).matches() ? receiver : SOMEBODY);
    }

    /**
     * The header with which it goes on from a server. It tells who of our kind it came through, and how many others, which is what ends loops;
     * what those are called, and what else they say, stays here.
     */
    public String andThrough(String pseudonym) {
        return String.join(
                ", ",
                Stream.concat(hops.stream().map(Via::withoutNames), Stream.of("1.1 " + pseudonym))
                        .toList());
    }
}
