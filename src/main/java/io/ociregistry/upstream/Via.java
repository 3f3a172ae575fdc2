package io.ociregistry.upstream;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The servers that forwarded a request to this one ({@code Via}, RFC 9110, 7.6.3), by which loops are detected.
 *
 * <p>The value is bound to the thread that works for the request, and to the tasks that this thread submits to the
 * executors of an {@link Upstream}. Work without a client request has no hops.
 *
 * @param hops the entries of the header as received, the first server first
 */
public record Via(List<String> hops) {
    private static final Via NONE = new Via(List.of());
    private static final ThreadLocal<Via> CURRENT = new ThreadLocal<>();
    /**
     * Protocol, receiver, and an optional comment that may contain commas. The protocol is bounded to 32 characters,
     * because without a bound a header of one long word takes a second to match.
     */
    private static final Pattern HOP =
            Pattern.compile("[!-~&&[^,()]]{1,32}+[ \t]++[!-~&&[^,()]]++(?:[ \t]*\\([ -~&&[^()]]*\\))?");

    private static final Pattern FIELDS = Pattern.compile("[ \t]+");
    private static final String PREFIX = "ociregistry-";
    private static final Pattern PSEUDONYM = Pattern.compile(PREFIX + "[0-9a-f]{16}");
    /** Replaces other names; a proxy should not forward the names of internal hosts (RFC 9110, 7.6.3). */
    private static final String ANONYMOUS = "somebody";

    public Via {
        hops = List.copyOf(hops);
    }

    /** Parses the values of the header. Omits malformed entries; never throws. */
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

    /** Returns a new random name for this process, which does not reveal the host. */
    public static String pseudonym() {
        byte[] random = new byte[8];
        new SecureRandom().nextBytes(random);
        return PREFIX + HexFormat.of().formatHex(random);
    }

    /** Returns the value of the calling thread; without hops if none is set. */
    public static Via current() {
        Via via = CURRENT.get();
        return via == null ? NONE : via;
    }

    /** Runs the work with this value as the current one of the thread. */
    public <T> T call(Supplier<T> work) {
        Via before = CURRENT.get();
        CURRENT.set(this);
        try {
            return work.get();
        } finally {
            if (before == null) {
                CURRENT.remove();
            } else {
                CURRENT.set(before);
            }
        }
    }

    /** Wraps the work so that it runs on any thread with the calling thread's value. */
    public static <T> Supplier<T> wrapSupplier(Supplier<T> work) {
        Via via = current();
        return () -> via.call(work);
    }

    /** Wraps the work so that it runs on any thread with the calling thread's value. */
    public static Runnable wrap(Runnable work) {
        Via via = current();
        return () -> via.run(work);
    }

    /** Runs the work with this value as the current one of the thread. */
    public void run(Runnable work) {
        call(() -> {
            work.run();
            return hops;
        });
    }

    /** Returns true if the request passed through the server with that pseudonym. */
    public boolean passedThrough(String pseudonym) {
        return hops.stream().anyMatch(hop -> receiver(hop).equals(pseudonym));
    }

    private static String receiver(String hop) {
        return FIELDS.split(hop, 3)[1];
    }

    private static String withoutNames(String hop) {
        String receiver = receiver(hop);
        return "1.1 " + (PSEUDONYM.matcher(receiver).matches() ? receiver : ANONYMOUS);
    }

    /**
     * Returns the header for a request that the server with that pseudonym sends.
     *
     * <p>The header keeps the pseudonyms of ociregistry servers and the number of other hops, which suffices to end
     * loops (ADR 18). Names and comments of other servers are removed.
     */
    public String toHeader(String pseudonym) {
        return String.join(
                ", ",
                Stream.concat(hops.stream().map(Via::withoutNames), Stream.of("1.1 " + pseudonym))
                        .toList());
    }
}
