package io.ociregistry.standalone.command;

import io.ociregistry.common.BuildInfo;
import io.ociregistry.standalone.cli.Action;
import java.io.PrintStream;

/** {@code ociregistry version}: prints to standard output, unlike the Go program, so that scripts can read it. */
public record VersionCommand() implements Action {
    @Override
    public int run(PrintStream out, PrintStream err) {
        var build = BuildInfo.read();
        out.println("ociregistry version: " + build.version() + " build date: " + build.date());
        return 0;
    }
}
