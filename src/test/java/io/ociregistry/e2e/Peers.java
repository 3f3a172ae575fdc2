package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;

/**
 * The real programs that a test uses. If a program is missing, the test is skipped, or fails if OCIREGISTRY_NO_SKIPS is
 * true (in the environment or as a system property).
 */
final class Peers {
    private Peers() {}

    /** Requires programs: each is a name on the PATH, or the absolute path of a file. */
    static void require(String... peers) {
        var missing = Arrays.stream(peers).filter(peer -> !present(peer)).toList();
        if (!missing.isEmpty()) {
            skip("not installed here: " + String.join(", ", missing));
        }
    }

    static void requireRoot() {
        if (!"root".equals(System.getProperty("user.name"))) {
            skip("this needs root");
        }
    }

    private static boolean present(String peer) {
        // Debian keeps runc in /usr/sbin, which is on root's PATH only.
        var path = System.getenv("PATH") + File.pathSeparator + "/usr/sbin" + File.pathSeparator + "/sbin";
        return Stream.of(path.split(File.pathSeparator, -1))
                .map(directory -> Path.of(directory).resolve(peer))
                .anyMatch(Files::isExecutable);
    }

    /** Skips the current test, or fails if skipping is not allowed. */
    static void skip(String why) {
        if (Boolean.getBoolean("OCIREGISTRY_NO_SKIPS") || Boolean.parseBoolean(System.getenv("OCIREGISTRY_NO_SKIPS"))) {
            fail(why + ", and nothing may be skipped");
        }
        abort(why);
    }
}
