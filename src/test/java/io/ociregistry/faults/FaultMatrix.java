package io.ociregistry.faults;

import static io.ociregistry.faults.Expected.bad;
import static io.ociregistry.faults.Expected.cut;
import static io.ociregistry.faults.Expected.cutThenRight;
import static io.ociregistry.faults.Expected.cutWithPart;
import static io.ociregistry.faults.Expected.denied;
import static io.ociregistry.faults.Expected.hit;
import static io.ociregistry.faults.Expected.limited;
import static io.ociregistry.faults.Expected.noReferrers;
import static io.ociregistry.faults.Expected.right;
import static io.ociregistry.faults.Expected.rightOnceReachable;
import static io.ociregistry.faults.Expected.slow;
import static io.ociregistry.faults.Expected.slowThenDown;
import static io.ociregistry.faults.Expected.stale;
import static io.ociregistry.faults.Expected.staleThenDown;
import static io.ociregistry.faults.Expected.staleUnreachable;
import static io.ociregistry.faults.Expected.times;
import static io.ociregistry.faults.Expected.unknown;
import static io.ociregistry.faults.Expected.unreachable;
import static io.ociregistry.faults.Trouble.BLACKHOLE;
import static io.ociregistry.faults.Trouble.CONTENT_CHANGED;
import static io.ociregistry.faults.Trouble.DNS;
import static io.ociregistry.faults.Trouble.DNS_SILENT;
import static io.ociregistry.faults.Trouble.EMPTY;
import static io.ociregistry.faults.Trouble.GZIP;
import static io.ociregistry.faults.Trouble.HTML;
import static io.ociregistry.faults.Trouble.LONG;
import static io.ociregistry.faults.Trouble.MORE;
import static io.ociregistry.faults.Trouble.NO_ANSWER;
import static io.ociregistry.faults.Trouble.NO_LENGTH;
import static io.ociregistry.faults.Trouble.RANGE_IGNORED;
import static io.ociregistry.faults.Trouble.REDIRECT;
import static io.ociregistry.faults.Trouble.REDIRECT_LOOP;
import static io.ociregistry.faults.Trouble.REFUSED;
import static io.ociregistry.faults.Trouble.RESET;
import static io.ociregistry.faults.Trouble.SHORT;
import static io.ociregistry.faults.Trouble.SILENT;
import static io.ociregistry.faults.Trouble.STALL;
import static io.ociregistry.faults.Trouble.STATUS_401;
import static io.ociregistry.faults.Trouble.STATUS_403;
import static io.ociregistry.faults.Trouble.STATUS_404;
import static io.ociregistry.faults.Trouble.STATUS_429;
import static io.ociregistry.faults.Trouble.STATUS_500;
import static io.ociregistry.faults.Trouble.STATUS_503;
import static io.ociregistry.faults.Trouble.TLS;
import static io.ociregistry.faults.Trouble.TOKEN_EXPIRED;
import static io.ociregistry.faults.Trouble.TRICKLE;
import static io.ociregistry.faults.Trouble.WRONG_DIGEST;
import static io.ociregistry.faults.Trouble.WRONG_DIGEST_HEADER;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The expected outcome of every cell. Each line names the kind of request, the outcome with nothing cached, and the
 * outcome with the content cached. A manifest that is cached and requested by digest, and a cached blob, need no
 * upstream.
 */
final class FaultMatrix {
    /** The server requests a digest that no manifest names as a manifest first, because it may be a manifest. */
    private static final String HEAD = "HEAD manifest by digest";

    private final Map<Trouble, Row> rows = new TreeMap<>();

    static FaultMatrix complete() {
        FaultMatrix matrix = new FaultMatrix();
        matrix.unreachableUpstreams();
        matrix.brokenTransfers();
        matrix.errorStatuses();
        matrix.wrongContent();
        matrix.redirectsTokensAndRanges();
        matrix.resumedBlobs();
        return matrix;
    }

    private void unreachableUpstreams() {
        for (Trouble trouble : List.of(DNS, DNS_SILENT)) {
            // After an earlier request the addresses of the upstream are known.
            harmless(trouble)
                    .tag(unreachable(), right("HEAD tag", "GET new digest"))
                    .digest(unreachable(), hit())
                    .blobAlone(unreachable(), hit());
        }
        for (Trouble trouble : List.of(REFUSED, BLACKHOLE, TLS)) {
            when(trouble)
                    .tag(unreachable(), staleUnreachable())
                    .digest(unreachable(), hit())
                    .blob(unreachable(), hit())
                    .blobAlone(unreachable(), hit())
                    .referrers(unreachable(), staleUnreachable());
        }
    }

    private void brokenTransfers() {
        when(NO_ANSWER)
                .tag(slow("GET tag"), stale("HEAD tag", "HEAD tag"))
                .digest(slow("GET digest"), hit())
                .blob(slow("GET blob"), hit())
                .blobAlone(slow(HEAD), hit())
                .referrers(slow("GET referrers", "GET referrers"), stale("GET referrers", "GET referrers"));
        when(SILENT)
                .tag(slowThenDown("GET tag"), staleThenDown("HEAD tag", "HEAD tag"))
                .digest(slowThenDown("GET digest"), hit())
                .blob(slowThenDown("GET blob"), hit())
                .blobAlone(slowThenDown(HEAD), hit())
                .referrers(
                        slowThenDown("GET referrers", "GET referrers"),
                        staleThenDown("GET referrers", "GET referrers"));
        Expected resumed =
                right("GET blob", "GET blob from byte 90000", "GET blob from byte 180000", "GET blob from byte 270000");
        when(RESET)
                .tag(bad("GET tag"), stale("HEAD tag", "GET new digest"))
                .digest(bad("GET digest"), hit())
                .blob(resumed, hit())
                .blobAlone(resumed.after(HEAD), hit())
                .referrers(bad("GET referrers"), stale("GET referrers"));
        Expected resumedOnce = right("GET blob", "GET blob from byte 180000");
        when(STALL)
                .tag(slow("GET tag"), stale("HEAD tag", "GET new digest"))
                .digest(slow("GET digest"), hit())
                .blob(resumedOnce, hit())
                .blobAlone(resumedOnce.after(HEAD), hit())
                .referrers(slow("GET referrers"), stale("GET referrers"));
        when(SHORT)
                .tag(bad("GET tag"), stale("HEAD tag", "GET new digest"))
                .digest(bad("GET digest"), hit())
                .blob(resumedOnce, hit())
                .blobAlone(resumedOnce.after(HEAD), hit())
                .referrers(bad("GET referrers"), stale("GET referrers"));
        harmless(TRICKLE);
    }

    private void errorStatuses() {
        for (Trouble trouble : List.of(STATUS_401, STATUS_403)) {
            when(trouble)
                    .tag(denied("GET tag"), stale("HEAD tag"))
                    .digest(denied("GET digest"), hit())
                    .blob(denied("GET blob"), hit())
                    .blobAlone(denied("GET blob").after(HEAD), hit())
                    .referrers(denied("GET referrers"), stale("GET referrers"));
        }
        Expected none = noReferrers("GET referrers", "GET fallback tag");
        when(STATUS_404)
                .tag(unknown("MANIFEST_UNKNOWN", "GET tag"), stale("HEAD tag"))
                .digest(unknown("MANIFEST_UNKNOWN", "GET digest"), hit())
                .blob(unknown("BLOB_UNKNOWN", "GET blob"), hit())
                .blobAlone(unknown("BLOB_UNKNOWN", "GET blob").after(HEAD), hit())
                .referrers(none, none);
        when(STATUS_429)
                .tag(limited("GET tag"), stale("HEAD tag"))
                .digest(limited("GET digest"), hit())
                .blob(limited("GET blob"), hit())
                .blobAlone(limited("GET blob").after(HEAD), hit())
                .referrers(limited("GET referrers"), stale("GET referrers"));
        for (Trouble trouble : List.of(STATUS_500, STATUS_503)) {
            when(trouble)
                    .tag(bad("GET tag"), stale("HEAD tag"))
                    .digest(bad("GET digest"), hit())
                    .blob(bad("GET blob"), hit())
                    .blobAlone(bad("GET blob").after(HEAD), hit())
                    .referrers(bad("GET referrers"), stale("GET referrers"));
        }
    }

    private void wrongContent() {
        when(HTML)
                .tag(bad("GET tag"), stale("HEAD tag", "GET tag"))
                .digest(bad("GET digest"), hit())
                .blob(bad("GET blob"), hit())
                .blobAlone(cut("GET blob").after(HEAD), hit())
                .referrers(bad("GET referrers", "GET fallback tag"), stale("GET referrers", "GET fallback tag"));
        when(EMPTY)
                .tag(bad("GET tag"), stale("HEAD tag", "GET new digest"))
                .digest(bad("GET digest"), hit())
                .blob(bad("GET blob"), hit())
                .blobAlone(bad("GET blob").after(HEAD), hit())
                .referrers(bad("GET referrers"), stale("GET referrers"));
        when(WRONG_DIGEST)
                .tag(bad("GET tag"), stale("HEAD tag", "GET new digest"))
                .digest(bad("GET digest"), hit())
                .blob(cut("GET blob"), hit())
                .blobAlone(cut("GET blob").after(HEAD), hit())
                .referrers(bad("GET referrers"), stale("GET referrers"));
        harmless(WRONG_DIGEST_HEADER).tag(right("GET tag"), right("HEAD tag", "GET another new digest", "GET tag"));
        harmless(MORE);
        when(LONG)
                .tag(bad("GET tag"), stale("HEAD tag", "GET new digest"))
                .digest(bad("GET digest"), hit())
                .blob(bad("GET blob"), hit())
                .blobAlone(cut("GET blob").after(HEAD), hit())
                .referrers(bad("GET referrers"), stale("GET referrers"));
        harmless(NO_LENGTH);
        harmless(GZIP).blobAlone(cut("GET blob").after(HEAD), hit());
        Expected startedOver = cutThenRight("GET blob", "GET blob from byte 90000", "GET blob");
        when(CONTENT_CHANGED)
                .tag(bad("GET tag"), stale("HEAD tag", "GET new digest"))
                .digest(bad("GET digest"), hit())
                .blob(startedOver, hit())
                .blobAlone(startedOver.after(HEAD), hit())
                .referrers(bad("GET referrers"), stale("GET referrers"));
    }

    private void redirectsTokensAndRanges() {
        when(REDIRECT_LOOP)
                .tag(bad(times(11, "GET tag")), stale(times(11, "HEAD tag")))
                .digest(bad(times(11, "GET digest")), hit())
                .blob(bad(times(11, "GET blob")), hit())
                .blobAlone(bad(times(11, "GET blob")).after(times(11, HEAD)), hit())
                .referrers(bad(times(11, "GET referrers")), stale(times(11, "GET referrers")));
        Expected listed = right("GET referrers", "GET referrers at the storage");
        when(REDIRECT)
                .tag(
                        right("GET tag", "GET token", "GET tag", "GET tag at the storage"),
                        right("HEAD tag", "GET new digest", "HEAD tag at the storage", "GET new digest at the storage"))
                .digest(right("GET digest", "GET token", "GET digest", "GET digest at the storage"), hit())
                .blob(right("GET blob", "GET blob at the storage"), hit())
                .blobAlone(
                        right("GET blob", HEAD + " at the storage", "GET blob at the storage")
                                .after(HEAD, "GET token", HEAD),
                        hit())
                .referrers(listed, listed);
        Expected renewed = right("GET referrers", "GET token", "GET referrers");
        Expected renewedAmid = right(
                "GET blob",
                "GET blob from byte 90000",
                "GET token",
                "GET blob from byte 90000",
                "GET blob at the storage",
                "GET blob from byte 90000 at the storage");
        when(TOKEN_EXPIRED)
                .tag(
                        right("GET tag", "GET token", "GET tag"),
                        right("HEAD tag", "GET token", "HEAD tag", "GET new digest"))
                .digest(right("GET digest", "GET token", "GET digest"), hit())
                .blob(renewedAmid, hit())
                .blobAlone(renewedAmid.after(HEAD), hit())
                .referrers(renewed, renewed);
        Expected skipped = right("GET blob", "GET blob from byte 90000");
        harmless(RANGE_IGNORED).blob(skipped, hit()).blobAlone(skipped.after(HEAD), hit());
    }

    /** Failures at the attempt to resume a blob of which a part has arrived. */
    private void resumedBlobs() {
        String whole = "GET blob";
        String resume = "GET blob from byte 90000";
        List.of(REFUSED, BLACKHOLE, TLS).forEach(trouble -> when(trouble).amid(rightOnceReachable(whole, resume)));
        List.of(DNS, DNS_SILENT, TRICKLE, WRONG_DIGEST_HEADER, MORE, NO_LENGTH, GZIP, RANGE_IGNORED)
                .forEach(trouble -> when(trouble).amid(right(whole, resume)));
        when(SILENT).amid(rightOnceReachable(whole, resume, resume));
        List.of(NO_ANSWER, STATUS_429, STATUS_500, STATUS_503, HTML, EMPTY)
                .forEach(trouble -> when(trouble).amid(right(whole, resume, resume)));
        List.of(WRONG_DIGEST, LONG, CONTENT_CHANGED)
                .forEach(trouble -> when(trouble).amid(cutThenRight(whole, resume, whole)));
        List.of(STATUS_401, STATUS_403).forEach(trouble -> when(trouble).amid(cutWithPart(whole, resume)));
        when(STATUS_404).amid(cut(whole, resume));
        when(RESET).amid(right(whole, resume, "GET blob from byte 180000"));
        when(STALL).amid(right(whole, resume, "GET blob from byte 270000"));
        when(SHORT).amid(right(whole, resume, "GET blob from byte 270000"));
        when(REDIRECT_LOOP)
                .amid(right(Stream.of(times(1, whole), times(12, resume))
                        .flatMap(Arrays::stream)
                        .toArray(String[]::new)));
        when(REDIRECT).amid(right(whole, resume, resume + " at the storage"));
        when(TOKEN_EXPIRED).amid(right(whole, resume, "GET token", resume));
    }

    /** A failure that does not prevent a complete transfer. */
    private Row harmless(Trouble trouble) {
        return when(trouble)
                .tag(right("GET tag"), right("HEAD tag", "GET new digest"))
                .digest(right("GET digest"), hit())
                .blob(right("GET blob"), hit())
                .blobAlone(right("GET blob").after(HEAD), hit())
                .referrers(right("GET referrers"), right("GET referrers"));
    }

    /** Returns all cells, row by row; a missing cell is an error. */
    List<Cell> cells() {
        List<Cell> cells = new ArrayList<>();
        for (Trouble trouble : Trouble.values()) {
            for (RequestTarget target : RequestTarget.values()) {
                for (State state : target.states()) {
                    Expected expected = rows.get(trouble).cells.get(target).get(state);
                    cells.add(new Cell(trouble, target, state, Objects.requireNonNull(expected)));
                }
            }
        }
        return cells;
    }

    private Row when(Trouble trouble) {
        return rows.computeIfAbsent(trouble, unused -> new Row());
    }

    /** The cells of one kind of failure. */
    private static final class Row {
        private final Map<RequestTarget, Map<State, Expected>> cells = new TreeMap<>();

        Row tag(Expected cold, Expected cached) {
            return with(RequestTarget.TAG, cold, cached);
        }

        Row digest(Expected cold, Expected cached) {
            return with(RequestTarget.DIGEST, cold, cached);
        }

        Row blob(Expected cold, Expected cached) {
            return with(RequestTarget.BLOB, cold, cached);
        }

        Row blobAlone(Expected cold, Expected cached) {
            return with(RequestTarget.BLOB_ALONE, cold, cached);
        }

        Row referrers(Expected cold, Expected cached) {
            return with(RequestTarget.REFERRERS, cold, cached);
        }

        /** Adds the cell of the partly downloaded blob. */
        Row amid(Expected expected) {
            cells.computeIfAbsent(RequestTarget.BLOB, unused -> new TreeMap<>()).put(State.AMID, expected);
            return this;
        }

        private Row with(RequestTarget target, Expected cold, Expected cached) {
            Map<State, Expected> states = cells.computeIfAbsent(target, unused -> new TreeMap<>());
            states.put(State.COLD, cold);
            states.put(State.CACHED, cached);
            return this;
        }
    }
}
