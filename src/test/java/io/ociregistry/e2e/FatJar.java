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

/** {@code java -jar ociregistry.jar serve}, as somebody runs it who has read the README. */
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

    /** The same with a command before it that runs what follows, as {@code nice} does. */
    static FatJar start(Configuration configuration, List<String> runner) {
        return start(configuration, runner, "info");
    }

    /** The same, at that level of logging. */
    static FatJar start(Configuration configuration, List<String> runner, String logLevel) {
        return start(configuration, runner, logLevel, Loopback::isReady);
    }

    /** The same, in a network of its own, where the tests can't ask it whether it is ready. */
    static FatJar startIn(NetworkNamespace network, Configuration configuration) {
        return start(configuration, network.runner(), "info", unseen -> true);
    }

    private static FatJar start(
            Configuration configuration, List<String> runner, String logLevel, Predicate<URI> readiness) {
        var command = Stream.concat(
                runner.stream(),
                Stream.of(
                        Java.executable(),
                        "-jar",
                        artifact().toString(),
                        "--config-file",
                        configuration.file().toString(),
                        "--image-path",
                        configuration.imagePath().toString(),
                        "--log-level",
                        logLevel,
                        "serve",
                        "--port",
                        "0"));
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

    /** The jar the build made. */
    static Path artifact() {
        return Path.of(System.getProperty("standalone.jar", "target/ociregistry.jar"))
                .toAbsolutePath();
    }

    long pid() {
        return program.pid();
    }

    /** Asks it to end, as systemd and Kubernetes do, and answers its exit status. */
    int terminate() {
        return program.terminate();
    }

    /** Waits until it has ended by itself, and answers its exit status. */
    int awaitEnd() {
        return program.awaitEnd();
    }

    /** Ends it as a power cut would end it, but for what the kernel holds (SIGKILL). */
    void kill() {
        program.kill();
    }

    @Override
    public URI url() {
        return url;
    }

    /** Its operator, who has the token that the server made. */
    Operator operator() throws IOException {
        return Operator.of(url, configuration.imagePath());
    }

    /** All it has said. */
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
