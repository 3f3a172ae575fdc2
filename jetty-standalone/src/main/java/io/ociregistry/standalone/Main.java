package io.ociregistry.standalone;

import io.ociregistry.standalone.cli.UsageException;
import java.io.PrintStream;

/** Entry point of the fat jar: 0 is success, 1 comes with a line on standard error that says why. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(run(System.out, System.err, args));
    }

    public static int run(PrintStream out, PrintStream err, String... args) {
        try {
            return CommandLine.parse(args).run(out, err);
        } catch (UsageException e) {
            err.println("ociregistry: " + e.getMessage());
            return 1;
        }
    }
}
