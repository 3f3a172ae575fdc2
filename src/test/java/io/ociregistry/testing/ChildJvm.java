package io.ociregistry.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A main method in a separate Java process, with the class path of the test and no locale. Environment variables are
 * bytes: a shell sets them, since the locale of the test would encode them.
 */
public final class ChildJvm {
    private final String mainClass;
    private final List<String> options = new ArrayList<>(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    private final Map<String, byte[]> environment = new LinkedHashMap<>();

    private ChildJvm(String mainClass) {
        this.mainClass = mainClass;
    }

    public static ChildJvm of(Class<?> main) {
        return new ChildJvm(main.getName());
    }

    public ChildJvm option(String option) {
        options.add(option);
        return this;
    }

    public ChildJvm variable(String name, byte[] value) {
        environment.put(name, value);
        return this;
    }

    /** Returns the text in UTF-8. */
    public ChildJvm variable(String name, String value) {
        return variable(name, value.getBytes(StandardCharsets.UTF_8));
    }

    /** The exit status and the output of the process; both streams are ASCII unless the program encodes them itself. */
    public record Result(int status, String out) {}

    /** Runs the process until it ends. */
    public Result run(String... arguments) throws IOException, InterruptedException {
        StringBuilder script = new StringBuilder("unset LANG LC_CTYPE; LC_ALL=C; export LC_ALL; ");
        environment.forEach((name, value) -> script.append(name)
                .append("=$(printf '")
                .append(octal(value))
                .append("'); export ")
                .append(name)
                .append("; "));
        List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", script + "exec \"$@\"", "sh"));
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), mainClass));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            process.getOutputStream().close();
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                throw new AssertionError(mainClass + " did not end");
            }
            return new Result(process.exitValue(), out);
        } finally {
            process.destroyForcibly();
        }
    }

    private static String octal(byte[] value) {
        StringBuilder escaped = new StringBuilder();
        for (byte each : value) {
            escaped.append(String.format("\\%03o", each & 0xff));
        }
        return escaped.toString();
    }
}
