package io.ociregistry.standalone;

import java.io.PrintStream;

/** {@code ociregistry load}. */
record LoadCommand(Settings settings) implements Action {
    @Override
    public int run(PrintStream out, PrintStream err) {
        err.println("ociregistry: `load` is not in this build");
        return 1;
    }
}
