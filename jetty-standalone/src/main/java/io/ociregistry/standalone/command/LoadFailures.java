package io.ociregistry.standalone.command;

import io.ociregistry.registry.load.LoadListener;
import io.ociregistry.registry.load.LoadOutcome;
import io.ociregistry.registry.load.LoadOutcome.Failed;
import java.io.PrintStream;

/** Prints only the images that were not loaded. */
record LoadFailures(PrintStream err) implements LoadListener {
    @Override
    public void ended(LoadOutcome outcome) {
        if (outcome instanceof Failed failed) {
            LoadOutput.printFailure(failed, err);
        }
    }
}
