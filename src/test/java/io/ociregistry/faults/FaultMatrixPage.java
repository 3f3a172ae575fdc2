package io.ociregistry.faults;

import java.util.List;
import java.util.stream.Collectors;

/** The matrix as a page for people: one table for each kind of request and state. */
final class FaultMatrixPage {
    private static final String INTRODUCTION = """
            # When an upstream fails
            What this server does when the registry behind it does not do what it should. Every line was asserted by `FaultMatrixTest`, which
            also writes this page: the real server asked a real one that failed in that way.

            How to read it: find what your client asks for (the four columns are what an access log of the client, the cache directory, and
            an access log of the upstream would show).
            - **status** is what the client is answered, with the code in the body where it is an error. Errors are OCI JSON.
            - **the client gets**: a body that can't be finished breaks off, so that the client sees that it is not whole.
            - **the store has** of what was asked for, afterwards. It never has anything that was not verified, and what was in it is still there.
            - **the upstream is asked** exactly this, in this order, and nothing else. "From byte" is a `Range` that starts with the first byte
              that is not here yet.

            Once the upstream is well again the same request succeeds: with the right bytes, without a `Warning`, and without a restart. Where it
            could not be reached it is asked again after a probe, which is sent 5 seconds after the failure and then ever less often, up to
            once a minute; until then requests are answered at once. Deadlines are those of `timeouts` in the configuration.
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
