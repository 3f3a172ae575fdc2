package io.ociregistry.e2e;

import io.ociregistry.protocol.StalledClientsContract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Debian's tomcat10 with a connector on loopback and the WAR. The WAR finds its configuration through the environment.
 */
final class Tomcat10 {
    private static final Path HOME = Path.of("/usr/share/tomcat10");
    private static final String SCRIPT = HOME.resolve("bin/catalina.sh").toString();
    private static final String ACCESS_LOGS = "access*";

    private Tomcat10() {}

    /** Starts it with the WAR at the root of the host. */
    static Container start(Configuration configuration) {
        Peers.require(SCRIPT);
        return War.deploy(configuration, ACCESS_LOGS, (base, port) -> start(configuration, base, port, ""));
    }

    /**
     * Starts it with few threads and small send buffers, which reveal blocked threads. It is slow, because it sends in
     * small pieces.
     */
    static Container startSmall(Configuration configuration) {
        Peers.require(SCRIPT);
        String tuning = "maxThreads=\"" + StalledClientsContract.THREADS + "\" socket.txBufSize=\""
                + StalledClientsContract.SEND_BUFFER + "\"";
        return War.deploy(configuration, ACCESS_LOGS, (base, port) -> start(configuration, base, port, tuning));
    }

    /** Starts it with the WAR under the context path /name. */
    static Container start(Configuration configuration, String name) {
        Peers.require(SCRIPT);
        return War.deploy(configuration, name, ACCESS_LOGS, (base, port) -> start(configuration, base, port, ""));
    }

    private static Program start(Configuration configuration, Path base, int port, String connector)
            throws IOException {
        for (var directory : List.of("conf", "temp", "work")) {
            Files.createDirectories(base.resolve(directory));
        }
        for (var file : List.of("web.xml", "context.xml", "catalina.properties")) {
            Files.copy(HOME.resolve("etc").resolve(file), base.resolve("conf").resolve(file));
        }
        // SIGTERM stops it, so it needs no server port. Tests read the unbuffered access log at once.
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
        return Program.start(
                "tomcat10",
                Map.of(
                        "CATALINA_HOME", HOME.toString(),
                        "CATALINA_BASE", base.toString(),
                        "CATALINA_TMPDIR", base.resolve("temp").toString(),
                        "JAVA_HOME", Java.home(),
                        "JAVA_OPTS", "-Djava.net.preferIPv4Stack=true " + String.join(" ", Java.QUICK_START),
                        "OCIREGISTRY_CONFIG", configuration.file().toString()),
                List.of(SCRIPT, "run"));
    }
}
