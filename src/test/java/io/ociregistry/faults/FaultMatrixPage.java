package io.ociregistry.faults;

import java.util.List;
import java.util.stream.Collectors;

/** The matrix as a page for people: one table for each kind of request and state. */
final class FaultMatrixPage {
    private static final String INTRODUCTION = """
            # When an upstream fails
            What this server does when the registry behind it does not do what it should. Each line is a test of `FaultMatrixTest`, which prints
            this page: the real server, a client, and an upstream on loopback that fails in that way.

            How to read it: look for what is asked for, and whether it is cached; then for what is wrong with the upstream.
            - **status**: what the client is told, with the code of the OCI error where it is one.
            - **the client gets**: a body that can't be finished breaks off, so that no client takes it for whole. It can then ask again.
            - **the store has**, of what was asked for, afterwards. Whatever happens, it holds nothing that was not verified, and what was in it
              stays.
            - **the upstream is asked** exactly this, in this order. "From byte" is a `Range` that begins with the first byte that is not held
              yet. What another server is asked, to which the upstream redirects, comes last.

            What was cached, and the manifest before a blob, came from the same upstream, so its addresses are known there. Where they are not, a
            name that is not found is an upstream that can't be reached.

            Cached tags are of policy `always`, have moved at the upstream, and are asked for by GET; with the policy `never` nobody is asked. Lists of
            referrers have changed too, and are old enough to be asked for again.

            As soon as the upstream is well the same request succeeds, in all of these cases: with the right bytes, without a `Warning`, without
            a restart. After a failure of name resolution, connection or TLS the upstream is taken for down: nobody asks it, and requests are answered
            at once, until a probe in the background is answered. The same holds for an upstream that is silent for `timeouts.answer`, if it does not
            answer a probe either. After a 504 the fetch goes on, and the next request finds it further.

            Silence on a connection that was kept says nothing about the upstream. The request is sent again on a new connection, so a silent upstream
            is asked twice where a request was answered before.
            """;

    private static final String AMID = """
            The client has got the first 90,000 bytes of 300,000 when the connection to the upstream breaks. The first try to go on meets this, while
            the client waits; then the upstream is well again.
            """;

    private static final String HEADER = """

            | the upstream: | status | the client gets | the store has | the upstream is asked |
            |---|---|---|---|---|
            """;

    private final List<Cell> cells;

    FaultMatrixPage(List<Cell> cells) {
        this.cells = cells;
    }

    String text() {
        StringBuilder page = new StringBuilder(INTRODUCTION);
        for (Asked asked : Asked.values()) {
            for (State state : asked.states()) {
                page.append("\n## ").append(asked).append(", ").append(state).append('\n');
                page.append(state == State.AMID ? AMID : "");
                page.append(section(cells.stream()
                        .filter(cell -> cell.asked() == asked && cell.state() == state)
                        .toList()));
            }
        }
        return page.toString();
    }

    private static String section(List<Cell> section) {
        Expected first = section.get(0).expected();
        if (section.stream().allMatch(cell -> cell.expected().equals(first))) {
            return "Whatever is wrong with the upstream: " + first.status() + " with " + first.gets()
                    + ", and the upstream is asked " + asked(first) + ".\n";
        }
        return section.stream().map(FaultMatrixPage::line).collect(Collectors.joining("", HEADER, ""));
    }

    private static String line(Cell cell) {
        Expected expected = cell.expected();
        String code = expected.gets() == Expected.Gets.ERROR ? " " + expected.code() : "";
        return "| " + cell.trouble().words(cell.asked(), cell.state()) + " | " + expected.status() + code + " | "
                + expected.gets() + " | " + expected.keeps() + " | " + asked(expected) + " |\n";
    }

    private static String asked(Expected expected) {
        return expected.requests().isEmpty() ? "nothing" : String.join("; ", expected.shortened());
    }
}
