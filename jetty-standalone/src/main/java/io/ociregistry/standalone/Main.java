package io.ociregistry.standalone;

import io.ociregistry.standalone.cli.CommandFailure;
import io.ociregistry.standalone.cli.UsageException;
import java.io.PrintStream;

/** The entry point of the standalone jar. A command that fails prints the reason on standard error. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(run(System.out, System.err, args));
    }

    public static int run(PrintStream out, PrintStream err, String... args) {
        try {
            int code = CommandLine.parse(args).run(out, err);
            // Print streams hide failures until they are asked, so a full disk would end in a short file and code 0.
            if (code == 0 && out.checkError()) {
                err.println("ociregistry: writing the output failed, so it is incomplete; check standard output, for"
                        + " example whether its disk is full");
                return 1;
            }
            return code;
        } catch (UsageException e) {
            return CommandFailure.report(e, err);
        }
    }
}
