package io.ociregistry.standalone;

import io.ociregistry.config.BuildInfo;
import java.io.PrintStream;

/** {@code ociregistry version}. On standard output, unlike the Go program's, so that scripts can read it. */
record VersionCommand() implements Action {
    @Override
    public int run(PrintStream out, PrintStream err) {
        var build = BuildInfo.read();
        out.println("ociregistry version: " + build.version() + " build date: " + build.date());
        return 0;
    }
}
