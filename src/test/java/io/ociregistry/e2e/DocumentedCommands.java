package io.ociregistry.e2e;

import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Runs the fenced {@code shell} blocks of a documentation page in a new directory, as a user would who copies them. It
 * replaces only ports and directories. {@code mvn} does nothing, because the build has made the jar, {@code sudo} runs
 * its command as the current user, and {@code java} starts with {@link Java#QUICK_START}.
 */
final class DocumentedCommands implements AutoCloseable {
    private static final Pattern SERVE = Pattern.compile("\\bserve\\b");
    private static final Pattern BLOCK =
            Pattern.compile("^ *```shell\n(.*?)^ *```", Pattern.DOTALL | Pattern.MULTILINE);

    private final Path directory;
    private final Map<String, String> environment;
    private final int port = Loopback.freePort();
    private Program server;

    /** Creates a directory with the jar and a configuration that the commands find through the environment. */
    DocumentedCommands(Path directory, Configuration configuration) throws IOException {
        this.directory = directory;
        Path programs = Files.createDirectories(directory.resolve("bin"));
        program(programs.resolve("mvn"), "exit 0");
        program(programs.resolve("sudo"), "if [ \"$1\" = -u ]; then shift 2; fi", "exec \"$@\"");
        Path target = Files.createDirectories(directory.resolve("target"));
        Files.copy(FatJar.artifact(), target.resolve("ociregistry.jar"), REPLACE_EXISTING);
        Files.copy(FatJar.artifact(), directory.resolve("ociregistry.jar"), REPLACE_EXISTING);
        Files.copy(Path.of("ociregistry"), directory.resolve("ociregistry"), COPY_ATTRIBUTES, REPLACE_EXISTING);
        Files.createDirectories(directory.resolve("tmp"));
        Path java = Path.of(Java.executable()).getParent();
        program(programs.resolve("java"), "exec " + java + "/java " + String.join(" ", Java.QUICK_START) + " \"$@\"");
        this.environment = Map.of(
                "PATH",
                programs + ":" + System.getenv("PATH"),
                "OCIREGISTRY_CONFIG",
                configuration.file().toString());
    }

    private static void program(Path file, String... lines) throws IOException {
        Files.writeString(file, "#!/bin/bash\n" + String.join("\n", lines) + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** Returns the blocks of a page in order. */
    static List<String> of(Path page) throws IOException {
        return BLOCK.matcher(Files.readString(page))
                .results()
                .map(block -> block.group(1).stripIndent())
                .toList();
    }

    /** Runs a block. A server command runs until the next server command starts or this object is closed. */
    void run(String block) {
        List<String> commands = new ArrayList<>();
        for (String line : block.lines().toList()) {
            if (SERVE.matcher(line).find()) {
                runAll(commands);
                commands.clear();
                serve(line);
            } else {
                commands.add(line);
            }
        }
        runAll(commands);
    }

    private void runAll(List<String> commands) {
        if (!commands.isEmpty()) {
            String script = "cd '" + directory + "'\n" + here(String.join("\n", commands));
            Program.run("documented", environment, List.of("bash", "-euo", "pipefail", "-c", script));
        }
    }

    private void serve(String command) {
        close();
        String onPort = command.contains("8080") ? command : command + " --port 8080";
        String script = "cd '" + directory + "' && exec " + here(onPort);
        server = Program.start("documented-server", environment, List.of("bash", "-c", script));
        server.waitUntil("the documented server accepts connections", () -> Loopback.accepts(port));
    }

    private String here(String commands) {
        return commands.replace("8080", String.valueOf(port)).replace("/tmp/", directory + "/tmp/");
    }

    @Override
    public void close() {
        if (server != null) {
            server.close();
            server = null;
        }
    }
}
