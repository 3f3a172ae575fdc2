package io.ociregistry.standalone;

import java.io.PrintStream;

/** {@code ociregistry list}. */
record ListCommand(Settings settings) implements Action {
    @Override
    public int run(PrintStream out, PrintStream err) {
        err.println("ociregistry: `list` is not in this build");
        return 1;
    }
}
