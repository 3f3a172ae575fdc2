package io.ociregistry.e2e;

import io.ociregistry.protocol.StalledClientsContract;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Debian's tomcat10 with a base directory of its own, one connector on loopback and the WAR in it. The WAR finds its configuration
 * by the environment.
 */
public final class Tomcat10 implements Container {
    private static final Path HOME = Path.of("/usr/share/tomcat10");

    private final URI url;
    private final Path base;
    private final Program program;

    private Tomcat10(URI url, Path base, Program program) {
        this.url = url;
        this.base = base;
        this.program = program;
    }

    /** At the host's root. */
    public static Tomcat10 start(Configuration configuration) {
        return start(configuration, "ROOT");
    }

    /** With few threads and small send buffers, so that whoever holds a thread is found out. Slow: it sends in small pieces. */
    public static Tomcat10 startSmall(Configuration configuration) {
        return start(
                configuration,
                "ROOT",
                "maxThreads=\"" + StalledClientsContract.THREADS + "\" socket.txBufSize=\""
                        + StalledClientsContract.SEND_BUFFER + "\"");
    }

    /** Under the context path /name. */
    public static Tomcat10 start(Configuration configuration, String name) {
        return start(configuration, name, "");
    }

    private static Tomcat10 start(Configuration configuration, String name, String connector) {
        Peers.require(HOME.resolve("bin/catalina.sh").toString());
        var port = Loopback.freePort();
        var url = War.url(port, name);
        try {
            var base = Files.createTempDirectory(configuration.imagePath().getParent(), "tomcat");
            prepare(base, port, name, connector);
            var program = Program.start(
                    "tomcat10",
                    Map.of(
                            "CATALINA_HOME", HOME.toString(),
                            "CATALINA_BASE", base.toString(),
                            "CATALINA_TMPDIR", base.resolve("temp").toString(),
                            "JAVA_HOME", Java.home(),
                            "JAVA_OPTS", "-Djava.net.preferIPv4Stack=true",
                            "OCIREGISTRY_CONFIG", configuration.file().toString()),
                    List.of(HOME.resolve("bin/catalina.sh").toString(), "run"));
            program.waitUntil("/readyz is 200", () -> Loopback.isReady(URI.create(url + "/readyz")));
            return new Tomcat10(url, base, program);
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
        return War.accessLog(base.resolve("logs"), "access*");
    }

    @Override
    public void close() {
        program.close();
    }

    private static void prepare(Path base, int port, String name, String connector) throws IOException {
        for (var directory : List.of("conf", "logs", "temp", "work")) {
            Files.createDirectories(base.resolve(directory));
        }
        for (var file : List.of("web.xml", "context.xml", "catalina.properties")) {
            Files.copy(HOME.resolve("etc").resolve(file), base.resolve("conf").resolve(file));
        }
        // No server port: SIGTERM is how it ends. An unbuffered access log, so that a test can read it at once.
        Files.writeString(base.resolve("conf/server.xml"), """
                <Server port="-1">
                  <Service name="Catalina">
                    <Connector port="%d" address="%s" protocol="HTTP/1.1"
                               minSpareThreads="4" maxKeepAliveRequests="-1" %s/>
                    <Engine name="Catalina" defaultHost="localhost">
                      <Host name="localhost" appBase="webapps" autoDeploy="false">
                        <Valve className="org.apache.catalina.valves.AccessLogValve" directory="logs" prefix="access"
                               pattern="%%m %%U%%q %%s %%B" buffered="false"/>
                      </Host>
                    </Engine>
                  </Service>
                </Server>
                """.formatted(port, Loopback.ADDRESS, connector));
        War.copyTo(base.resolve("webapps"), name);
    }
}
