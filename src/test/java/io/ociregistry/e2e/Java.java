package io.ociregistry.e2e;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The Java installation that runs the tests and the tested programs. */
final class Java {
    /**
     * Options for short processes whose speed is not the claim: they halve the time of a start. They are unfit for a
     * process that handles much TLS, because only the optimizing compiler uses the CPU's cryptographic instructions.
     */
    static final List<String> QUICK_START = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

    private Java() {}

    static String home() {
        return System.getProperty("java.home");
    }

    static String executable() {
        return Path.of(home(), "bin", "java").toString();
    }

    /** Returns the command line that runs the jar with {@link #QUICK_START} and {@link ClassArchive}. */
    static List<String> jar(String... arguments) {
        return jar(
                Stream.concat(QUICK_START.stream(), ClassArchive.options().stream())
                        .toList(),
                arguments);
    }

    /** Returns the command line that runs the jar with these options of the JVM. */
    static List<String> jar(List<String> options, String... arguments) {
        return Stream.of(
                        List.of(executable()),
                        options,
                        List.of("-jar", FatJar.artifact().toString()),
                        List.of(arguments))
                .flatMap(List::stream)
                .toList();
    }
}
