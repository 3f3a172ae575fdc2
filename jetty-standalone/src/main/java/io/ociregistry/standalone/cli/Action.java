package io.ociregistry.standalone.cli;

import java.io.PrintStream;

/** What a command line asks for. */
public interface Action {
    /** Does it, and returns the exit code. Output goes to the one stream, everything else to the other. */
    int run(PrintStream out, PrintStream err);
}
