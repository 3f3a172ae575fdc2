package io.ociregistry.e2e;

import java.nio.file.Path;

/** The Java installation that runs the tests and the tested programs. */
final class Java {
    private Java() {}

    static String home() {
        return System.getProperty("java.home");
    }

    static String executable() {
        return Path.of(home(), "bin", "java").toString();
    }
}
