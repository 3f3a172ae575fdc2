package io.ociregistry.e2e;

import io.ociregistry.protocol.StalledClientsContract;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Stock Jetty 12 (org.eclipse.jetty:jetty-home, unpacked by the build into target/jetty-home) with the WAR as ROOT. The
 * WAR finds its configuration through the system property.
 */
final class JettyHome {
    private JettyHome() {}

    static Container start(Configuration configuration) {
        return start(configuration, List.of());
    }

    /**
     * Starts it with few threads and small send buffers, which reveal blocked threads. It is slow, because it sends in
     * small pieces.
     */
    static Container startSmall(Configuration configuration) {
        return start(
                configuration,
                List.of(
                        "jetty.threadPool.maxThreads=" + StalledClientsContract.THREADS,
                        "jetty.http.acceptedSendBufferSize=" + StalledClientsContract.SEND_BUFFER));
    }

    private static Container start(Configuration configuration, List<String> tuning) {
        var start = Path.of(System.getProperty("jetty.home", "target/jetty-home"), "start.jar")
                .toAbsolutePath();
        if (!Files.exists(start)) {
            throw new AssertionError("no " + start + ": 'mvn pre-integration-test' unpacks it");
        }
        return War.deploy(
                configuration,
                "*.request.log",
                (base, port) -> Program.start(
                        "jetty-home",
                        Map.of(),
                        Stream.of(
                                        List.of(Java.executable()),
                                        Java.QUICK_START,
                                        List.of(
                                                "-Dociregistry.config=" + configuration.file(),
                                                "-jar",
                                                start.toString(),
                                                "jetty.base=" + base,
                                                "--module=http,ee10-deploy,requestlog",
                                                "jetty.http.host=" + Loopback.ADDRESS,
                                                "jetty.http.port=" + port),
                                        tuning)
                                .flatMap(List::stream)
                                .toList()));
    }
}
