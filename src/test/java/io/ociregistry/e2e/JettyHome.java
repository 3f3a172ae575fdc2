package io.ociregistry.e2e;

import io.ociregistry.protocol.StalledClientsContract;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Stock Jetty 12 (org.eclipse.jetty:jetty-home, unpacked by the build into target/jetty-home) with a base directory of its own and
 * the WAR as ROOT in it. The WAR finds its configuration by the system property.
 */
public final class JettyHome implements Container {
    private final URI url;
    private final Path base;
    private final Program program;

    private JettyHome(URI url, Path base, Program program) {
        this.url = url;
        this.base = base;
        this.program = program;
    }

    public static JettyHome start(Configuration configuration) {
        return start(configuration, List.of());
    }

    /** With few threads and small send buffers, so that whoever holds a thread is found out. Slow: it sends in small pieces. */
    public static JettyHome startSmall(Configuration configuration) {
        return start(
                configuration,
                List.of(
                        "jetty.threadPool.maxThreads=" + StalledClientsContract.THREADS,
                        "jetty.http.acceptedSendBufferSize=" + StalledClientsContract.SEND_BUFFER));
    }

    private static JettyHome start(Configuration configuration, List<String> tuning) {
        var start = Path.of(System.getProperty("jetty.home", "target/jetty-home"), "start.jar")
                .toAbsolutePath();
        if (!Files.exists(start)) {
            throw new AssertionError("no " + start + ": 'mvn pre-integration-test' unpacks it");
        }
        var port = Loopback.freePort();
        var url = War.url(port, "ROOT");
        try {
            var base = Files.createTempDirectory(configuration.imagePath().getParent(), "jetty");
            Files.createDirectories(base.resolve("logs"));
            War.copyTo(base.resolve("webapps"), "ROOT");
            var program = Program.start(
                    "jetty-home",
                    Map.of(),
                    Stream.concat(
                                    Stream.of(
                                            Java.executable(),
                                            "-Dociregistry.config=" + configuration.file(),
                                            "-jar",
                                            start.toString(),
                                            "jetty.base=" + base,
                                            "--module=http,ee10-deploy,requestlog",
                                            "jetty.http.host=" + Loopback.ADDRESS,
                                            "jetty.http.port=" + port),
                                    tuning.stream())
                            .toList());
            program.waitUntil("/readyz is 200", () -> Loopback.isReady(URI.create(url + "/readyz")));
            return new JettyHome(url, base, program);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public URI url() {
        return url;
    }

    @Override
    public List<String> accessLog() {
        return War.accessLog(base.resolve("logs"), "*.request.log");
    }

    @Override
    public void close() {
        program.close();
    }
}
