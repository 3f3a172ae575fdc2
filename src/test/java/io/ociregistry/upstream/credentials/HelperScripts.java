package io.ociregistry.upstream.credentials;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Credential helpers that are shell scripts, in the first directory of their PATH. */
public record HelperScripts(Path directory) {
    HelperPrograms programs(Duration limit) {
        return new HelperPrograms(
                Map.of(
                        "PATH",
                        directory + ":/usr/bin:/bin",
                        "HERE",
                        directory.toString(),
                        "OF_THE_SERVER",
                        "inherited"),
                limit);
    }

    HelperPrograms programs() {
        return programs(Duration.ofSeconds(30));
    }

    /** Adds a script, whose directory is in {@code $HERE}. */
    public HelperScripts with(String name, String script) throws IOException {
        Path file = directory.resolve("docker-credential-" + name);
        Files.writeString(file, "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        return this;
    }

    /** Adds a script whose answers are {@code s3cret-1}, {@code s3cret-2} and so on. */
    HelperScripts counting(String name) throws IOException {
        return with(name, """
                read server
                echo "$1 $server" >> "$HERE/runs"
                runs=$(wc -l < "$HERE/runs")
                echo "{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"robot\\",\\"Secret\\":\\"s3cret-$((runs))\\"}"
                """);
    }

    /** Returns the calls of the counting scripts, with their input. */
    List<String> calls() throws IOException {
        Path runs = directory.resolve("runs");
        return Files.exists(runs) ? Files.readAllLines(runs) : List.of();
    }
}
