package io.ociregistry.standalone.cli;

import java.io.PrintStream;

/** The action of a command line. */
public interface Action {
    /** Runs and returns the exit code. The output goes to {@code out}, all other messages go to {@code err}. */
    int run(PrintStream out, PrintStream err);
}
