package io.ociregistry.standalone;

import java.io.PrintStream;

/** {@code ociregistry prune}. */
record PruneCommand(Settings settings) implements Action {
    @Override
    public int run(PrintStream out, PrintStream err) {
        err.println("ociregistry: `prune` is not in this build");
        return 1;
    }
}
