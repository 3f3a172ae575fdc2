package io.ociregistry.e2e;

import java.nio.file.Path;

/** The Java that runs the tests; it runs what they test, too. */
final class Java {
    private Java() {}

    static String home() {
        return System.getProperty("java.home");
    }

    static String executable() {
        return Path.of(home(), "bin", "java").toString();
    }
}
