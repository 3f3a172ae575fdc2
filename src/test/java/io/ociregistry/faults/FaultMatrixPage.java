package io.ociregistry.faults;

import java.util.List;
import java.util.stream.Collectors;

/** Prints the matrix as a page: one table for each kind of request and state of the cache. */
final class FaultMatrixPage {
    private static final String INTRODUCTION = """
            # When an upstream fails
            This page lists the behavior of the server for each failure of an upstream. Each line is a test of
            `FaultMatrixTest`, which prints this page. The test uses the real server, a client, and an upstream on
            loopback.

            Find the kind of request and the state of the cache. Then find the failure of the upstream.

            - **Status**: the status that the client gets, and the code of the OCI error.
            - **The client gets**: the body. If a body cannot be completed, the connection is cut, so no client
              mistakes it for complete.
            - **The store has**: the requested content afterwards. The store never holds unverified content, and never
              loses content.
            - **Requests to the upstream**: all requests, in this order. "From byte" is a `Range` that starts at
              the first missing byte. Requests to the storage behind a redirect come last.

            Conditions:

            - The cached content, and the manifest before a blob, came from the same upstream, so its addresses are
              known. Without known addresses, an unknown host name counts as an unreachable upstream.
            - Cached tags have the policy `always`, have moved at the upstream, and are requested by GET. With the
              policy `never` the upstream gets no request. Lists of referrers have changed too, and are old enough to be
              revalidated.
            - When the upstream works again, the same request succeeds in all cases: with the right bytes, without a
              `Warning`, and without a restart.
            - After a failure of name resolution, connection or TLS, the upstream counts as down. Requests are then
              answered at once, until a probe in the background succeeds. The same holds for an upstream that is silent
              for `timeouts.answer` and does not answer a probe.
            - After a 504 the fetch continues, and the next request finds more of the content.
            - Silence on a reused connection does not count against the upstream. The request is sent again on a new
              connection. So a silent upstream gets two requests if it answered an earlier request.
            """;

    private static final String AMID = """
            The client has the first 90,000 of 300,000 bytes when the connection to the upstream breaks. The first
            attempt to resume meets the failure. After it the upstream works again.
            """;

    private static final String HEADER = """

            | the upstream: | status | the client gets | the store has | requests to the upstream |
            |---|---|---|---|---|
            """;

    private final List<Cell> cells;

    FaultMatrixPage(List<Cell> cells) {
        this.cells = cells;
    }

    String text() {
        StringBuilder page = new StringBuilder(INTRODUCTION);
        for (RequestTarget target : RequestTarget.values()) {
            for (State state : target.states()) {
                page.append("\n## ").append(target).append(", ").append(state).append('\n');
                page.append(state == State.AMID ? AMID : "");
                page.append(section(cells.stream()
                        .filter(cell -> cell.target() == target && cell.state() == state)
                        .toList()));
            }
        }
        return page.toString();
    }

    private static String section(List<Cell> section) {
        Expected first = section.get(0).expected();
        if (section.stream().allMatch(cell -> cell.expected().equals(first))) {
            return "For every failure of the upstream: " + first.status() + " with " + first.gets()
                    + ". Requests to the upstream: " + requests(first) + ".\n";
        }
        return section.stream().map(FaultMatrixPage::line).collect(Collectors.joining("", HEADER, ""));
    }

    private static String line(Cell cell) {
        Expected expected = cell.expected();
        String code = expected.gets() == Expected.Gets.ERROR ? " " + expected.code() : "";
        return "| " + cell.trouble().words(cell.target(), cell.state()) + " | " + expected.status() + code + " | "
                + expected.gets() + " | " + expected.keeps() + " | " + requests(expected) + " |\n";
    }

    private static String requests(Expected expected) {
        return expected.requests().isEmpty() ? "none" : String.join("; ", expected.shortened());
    }
}
