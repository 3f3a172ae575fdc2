package io.ociregistry.e2e;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A cache directory and the commands that fill and read it. */
record Cache(Path directory) {
    /** Loads the images of a file. */
    void load(Path file, String... options) {
        Program.run("load", loading(file, options));
    }

    List<String> loading(Path file, String... options) {
        return command("load", "--image-file", file, options);
    }

    /** Writes an archive. */
    void export(Path file, String... options) {
        Program.run("export", exporting(file, options));
    }

    List<String> exporting(Path file, String... options) {
        return command("export", "--output", file, options);
    }

    /** Returns the digests of all content in the cache. */
    List<String> digests() {
        return Program.run("list", command("list", "--digests")).lines().toList();
    }

    /** Starts a server on this cache that contacts no upstream. */
    FatJar airGapped() {
        return FatJar.start(Configuration.in(directory, "").with("airGapped: true"));
    }

    private List<String> command(String name, String option, Path file, String... options) {
        return Stream.concat(command(name, option, file.toString()).stream(), Stream.of(options))
                .toList();
    }

    /** Runs a command on this cache. */
    List<String> command(String... arguments) {
        var program = Java.jar("--image-path", directory.resolve("images").toString());
        return Stream.concat(program.stream(), Stream.of(arguments)).toList();
    }
}
