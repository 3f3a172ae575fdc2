package io.ociregistry.faults;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The outcome that a cell of the matrix asserts.
 *
 * @param code the code of the OCI error; empty without an error
 * @param requests all requests to the upstream, in order; requests to a second server come last
 * @param opensBreaker whether the next request is answered without a request to the upstream
 */
record Expected(int status, String code, Gets gets, Keeps keeps, List<String> requests, boolean opensBreaker) {
    /** The answer to the client. */
    enum Gets {
        /** Exactly the content of the upstream. */
        RIGHT("the right bytes"),
        /** Exactly the cached content. */
        CACHED("the cached bytes"),
        /** Exactly the cached content, which may have changed at the upstream. */
        STALE("the cached bytes, with a `Warning`"),
        /** An incomplete body, or an error if the content proves wrong before the first byte is sent. */
        CUT("an incomplete body, or 502"),
        NO_REFERRERS("an empty index"),
        ERROR("an OCI error");

        private final String words;

        Gets(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }
    }

    /** The requested content in the store after the answer. */
    enum Keeps {
        NOTHING("nothing"),
        /** The content of the upstream, verified. */
        RIGHT("the right bytes"),
        /** The bytes after which the next request resumes the download. */
        PART("the first part"),
        /** The content from before the fault. */
        CACHED("the cached bytes"),
        NO_REFERRERS("an empty index");

        private final String words;

        Keeps(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }
    }

    /** 503: the upstream is unreachable, and nothing is cached. */
    static Expected unreachable() {
        return new Expected(503, "UNAVAILABLE", Gets.ERROR, Keeps.NOTHING, List.of(), true);
    }

    static Expected bad(String... requests) {
        return error(502, "UNKNOWN", requests);
    }

    static Expected slow(String... requests) {
        return error(504, "UNAVAILABLE", requests);
    }

    /** 504: the server waits for the upstream once, and then counts it as down. */
    static Expected slowThenDown(String... requests) {
        return new Expected(504, "UNAVAILABLE", Gets.ERROR, Keeps.NOTHING, List.of(requests), true);
    }

    static Expected denied(String... requests) {
        return error(403, "DENIED", requests);
    }

    static Expected unknown(String code, String... requests) {
        return error(404, code, requests);
    }

    static Expected limited(String... requests) {
        return error(429, "TOOMANYREQUESTS", requests);
    }

    /** The right content, after retries if necessary. */
    static Expected right(String... requests) {
        return new Expected(200, "", Gets.RIGHT, Keeps.RIGHT, List.of(requests), false);
    }

    /** Served from the cache without a request to the upstream. */
    static Expected hit() {
        return new Expected(200, "", Gets.CACHED, Keeps.CACHED, List.of(), false);
    }

    /** Served from the cache after failed requests to the upstream. */
    static Expected stale(String... requests) {
        return new Expected(200, "", Gets.STALE, Keeps.CACHED, List.of(requests), false);
    }

    /** Served from the cache: the upstream is unreachable. */
    static Expected staleUnreachable() {
        return new Expected(200, "", Gets.STALE, Keeps.CACHED, List.of(), true);
    }

    /** Served from the cache after failed requests; after these the upstream counts as down. */
    static Expected staleThenDown(String... requests) {
        return new Expected(200, "", Gets.STALE, Keeps.CACHED, List.of(requests), true);
    }

    /** An empty list, because the upstream confirms that the manifest has no referrers. */
    static Expected noReferrers(String... requests) {
        return new Expected(200, "", Gets.NO_REFERRERS, Keeps.NO_REFERRERS, List.of(requests), false);
    }

    /** Cut off, because the received content is wrong. */
    static Expected cut(String... requests) {
        return new Expected(200, "UNKNOWN", Gets.CUT, Keeps.NOTHING, List.of(requests), false);
    }

    /** Cut off, but the right bytes are stored afterwards. */
    static Expected cutThenRight(String... requests) {
        return new Expected(200, "UNKNOWN", Gets.CUT, Keeps.RIGHT, List.of(requests), false);
    }

    /** Cut off after an answer that is not retried; the received part is kept. */
    static Expected cutWithPart(String... requests) {
        return new Expected(200, "UNKNOWN", Gets.CUT, Keeps.PART, List.of(requests), false);
    }

    /** The right content as soon as the upstream is reachable again; the client waits. */
    static Expected rightOnceReachable(String... requests) {
        return new Expected(200, "", Gets.RIGHT, Keeps.RIGHT, List.of(requests), true);
    }

    /** Returns this outcome with additional requests before the others. */
    Expected after(String... first) {
        List<String> all = new ArrayList<>(List.of(first));
        all.addAll(requests);
        return new Expected(status, code, gets, keeps, all, opensBreaker);
    }

    /** Returns a request repeated {@code count} times. */
    static String[] times(int count, String request) {
        String[] all = new String[count];
        Arrays.fill(all, request);
        return all;
    }

    /** Returns the requests for the page, with equal neighbors as one entry and their number. */
    List<String> shortened() {
        List<String> lines = new ArrayList<>();
        for (int i = 0, next; i < requests.size(); i = next) {
            next = i;
            while (next < requests.size() && requests.get(next).equals(requests.get(i))) {
                next++;
            }
            int count = next - i;
            lines.add(requests.get(i) + (count > 1 ? ", " + count + " times" : ""));
        }
        return lines;
    }

    /** Returns the status of a complete answer. */
    int statusOfWhole() {
        return gets == Gets.CUT ? 502 : status;
    }

    private static Expected error(int status, String code, String... requests) {
        return new Expected(status, code, Gets.ERROR, Keeps.NOTHING, List.of(requests), false);
    }
}
