package io.ociregistry.standalone;

import io.ociregistry.standalone.cli.UsageException;
import java.io.PrintStream;

/** The entry point of the standalone jar. The exit code is 0, or 1 with the reason on standard error. */
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
