package io.ociregistry.e2e;

import io.ociregistry.testing.Operator;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** {@code java -jar ociregistry.jar serve}, run as the README describes. */
public final class FatJar implements Container {
    private static final Pattern PORT = Pattern.compile("\\(port ([0-9]+)\\).*\nTls: (\\S+)", Pattern.DOTALL);

    private final URI url;
    private final Configuration configuration;
    private final Program program;

    private FatJar(URI url, Configuration configuration, Program program) {
        this.url = url;
        this.configuration = configuration;
        this.program = program;
    }

    public static FatJar start(Configuration configuration) {
        return start(configuration, List.of());
    }

    /** Starts it through a command prefix, as with {@code nice}. */
    static FatJar start(Configuration configuration, List<String> runner) {
        return start(configuration, runner, "info");
    }

    /** Starts it with this log level. */
    static FatJar start(Configuration configuration, List<String> runner, String logLevel) {
        return start(configuration, runner, Java.jar(arguments(configuration, logLevel)), Loopback::isReady);
    }

    /** Starts it with the default options of the JVM, for tests whose claim is speed or memory. */
    static FatJar startUntuned(Configuration configuration, List<String> runner) {
        return start(configuration, runner, Java.jar(List.of(), arguments(configuration, "info")), Loopback::isReady);
    }

    /** Starts it in a network namespace, in which the tests cannot query its readiness. */
    static FatJar startIn(NetworkNamespace network, Configuration configuration) {
        return start(configuration, network.runner(), Java.jar(arguments(configuration, "info")), unseen -> true);
    }

    private static String[] arguments(Configuration configuration, String logLevel) {
        return new String[] {
            "--config-file",
            configuration.file().toString(),
            "--image-path",
            configuration.imagePath().toString(),
            "--log-level",
            logLevel,
            "serve",
            "--port",
            "0"
        };
    }

    private static FatJar start(
            Configuration configuration, List<String> runner, List<String> jar, Predicate<URI> readiness) {
        var command = Stream.concat(runner.stream(), jar.stream());
        var program = Program.start("ociregistry", Map.of(), command.toList());
        program.waitUntil(
                "the banner names its port", () -> PORT.matcher(program.log()).find());
        var banner = PORT.matcher(program.log()).results().findFirst().orElseThrow();
        boolean secured = !banner.group(2).equals("none");
        var url = URI.create((secured ? "https://" : "http://") + Loopback.ADDRESS + ":" + banner.group(1));
        if (!secured) {
            program.waitUntil("/readyz is 200", () -> readiness.test(URI.create(url + "/readyz")));
        }
        return new FatJar(url, configuration, program);
    }

    /** Returns the jar that the build made. */
    static Path artifact() {
        return Path.of(System.getProperty("standalone.jar", "target/ociregistry.jar"))
                .toAbsolutePath();
    }

    long pid() {
        return program.pid();
    }

    /** Sends SIGTERM, as systemd and Kubernetes do, and returns the exit status. */
    int terminate() {
        return program.terminate();
    }

    /** Waits until it ends by itself, and returns the exit status. */
    int awaitEnd() {
        return program.awaitEnd();
    }

    /** Ends it with SIGKILL; unlike after a power cut, data in the kernel's page cache survives. */
    void kill() {
        program.kill();
    }

    @Override
    public URI url() {
        return url;
    }

    /** Returns an operator with the token that the server made. */
    Operator operator() throws IOException {
        return Operator.of(url, configuration.imagePath());
    }

    /** Returns all lines of its output. */
    List<String> log() {
        return program.log().lines().toList();
    }

    @Override
    public List<String> accessLog() {
        return log().stream()
                .filter(line -> line.contains("io.ociregistry.access"))
                .toList();
    }

    @Override
    public void close() {
        program.close();
    }
}
