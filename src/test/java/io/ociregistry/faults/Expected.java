package io.ociregistry.faults;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a cell of the matrix asserts.
 *
 * @param code of the OCI error; empty where there is none
 * @param requests what the upstream is asked, in order; what a second server is asked comes last
 * @param opensBreaker whether the next request is answered without asking the upstream at all
 */
record Expected(int status, String code, Gets gets, Keeps keeps, List<String> requests, boolean opensBreaker) {
    /** What the client gets. */
    enum Gets {
        /** Exactly what the upstream has. */
        RIGHT("the right bytes"),
        /** Exactly what was cached, with a {@code Warning} for a tag, which may have moved. */
        CACHED("the cached bytes"),
        STALE("the cached bytes, with a `Warning`"),
        /** A body that visibly breaks off, or an error if it turns out to be wrong before anything of it was sent. */
        CUT("a body that breaks off, or 502"),
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

    /** What is in the store afterwards of what was asked for. */
    enum Keeps {
        NOTHING("nothing"),
        /** What the upstream has, verified. */
        RIGHT("the right bytes"),
        /** Where to go on from when it is asked for again. */
        PART("its first part"),
        /** What was there before. */
        CACHED("what was there"),
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

    /** The upstream can't be reached, and nothing is cached. */
    static Expected unreachable() {
        return new Expected(503, "UNAVAILABLE", Gets.ERROR, Keeps.NOTHING, List.of(), true);
    }

    static Expected bad(String... requests) {
        return error(502, "UNKNOWN", requests);
    }

    static Expected slow(String... requests) {
        return error(504, "UNAVAILABLE", requests);
    }

    /** It is waited for once, and counts as down after that. */
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

    /** It works, if need be after some trouble. */
    static Expected right(String... requests) {
        return new Expected(200, "", Gets.RIGHT, Keeps.RIGHT, List.of(requests), false);
    }

    /** Served from the cache without asking anybody. */
    static Expected hit() {
        return new Expected(200, "", Gets.CACHED, Keeps.CACHED, List.of(), false);
    }

    /** Served from the cache after asking in vain. */
    static Expected stale(String... requests) {
        return new Expected(200, "", Gets.STALE, Keeps.CACHED, List.of(requests), false);
    }

    /** Served from the cache: the upstream can't be reached. */
    static Expected staleUnreachable() {
        return new Expected(200, "", Gets.STALE, Keeps.CACHED, List.of(), true);
    }

    /** Served from the cache after asking in vain; after that the upstream counts as down. */
    static Expected staleThenDown(String... requests) {
        return new Expected(200, "", Gets.STALE, Keeps.CACHED, List.of(requests), true);
    }

    /** The upstream says for certain that nothing refers to it. */
    static Expected noReferrers(String... requests) {
        return new Expected(200, "", Gets.NO_REFERRERS, Keeps.NO_REFERRERS, List.of(requests), false);
    }

    /** Broken off, since what arrived turned out to be wrong. */
    static Expected cut(String... requests) {
        return new Expected(200, "UNKNOWN", Gets.CUT, Keeps.NOTHING, List.of(requests), false);
    }

    /** Broken off, but the right bytes arrive after that. */
    static Expected cutThenRight(String... requests) {
        return new Expected(200, "UNKNOWN", Gets.CUT, Keeps.RIGHT, List.of(requests), false);
    }

    /** Broken off after an answer that no second try would change; what arrived is kept. */
    static Expected cutWithPart(String... requests) {
        return new Expected(200, "UNKNOWN", Gets.CUT, Keeps.PART, List.of(requests), false);
    }

    /** It works once the upstream can be reached again; the client waits. */
    static Expected rightOnceReachable(String... requests) {
        return new Expected(200, "", Gets.RIGHT, Keeps.RIGHT, List.of(requests), true);
    }

    /** The same, where these requests come first. */
    Expected after(String... first) {
        List<String> all = new ArrayList<>(List.of(first));
        all.addAll(requests);
        return new Expected(status, code, gets, keeps, all, opensBreaker);
    }

    /** The same request, so many times. */
    static String[] times(int count, String request) {
        String[] all = new String[count];
        Arrays.fill(all, request);
        return all;
    }

    /** The requests, each repeated one followed by how often, for people. */
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

    /** The status of an answer that is all there. */
    int statusOfWhole() {
        return gets == Gets.CUT ? 502 : status;
    }

    private static Expected error(int status, String code, String... requests) {
        return new Expected(status, code, Gets.ERROR, Keeps.NOTHING, List.of(requests), false);
    }
}
