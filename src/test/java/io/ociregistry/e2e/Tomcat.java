package io.ociregistry.e2e;

import io.ociregistry.protocol.StalledClientsContract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Tomcat with a connector on loopback and the WAR. The WAR finds its configuration through the environment.
 *
 * @param home the unpacked distribution, or that of a package
 * @param conf the configuration files that it ships
 */
record Tomcat(String name, Path home, Path conf) {
    private static final String ACCESS_LOGS = "access*";

    /** Debian's tomcat10. */
    static final Tomcat DEBIAN_10 =
            new Tomcat("tomcat10", Path.of("/usr/share/tomcat10"), Path.of("/usr/share/tomcat10/etc"));

    /** Stock Tomcat 11, unpacked by the build. */
    static final Tomcat STOCK_11 = unpacked(Path.of("target/tomcat-11").toAbsolutePath());

    private static Tomcat unpacked(Path home) {
        return new Tomcat("tomcat11", home, home.resolve("conf"));
    }

    /** Starts it with the WAR at the root of the host. */
    Container start(Configuration configuration) {
        return start(configuration, War.ROOT, "");
    }

    /**
     * Starts it with few threads and small send buffers, which reveal blocked threads. It is slow, because it sends in
     * small pieces.
     */
    Container startSmall(Configuration configuration) {
        return start(
                configuration,
                War.ROOT,
                "maxThreads=\"" + StalledClientsContract.THREADS + "\" socket.txBufSize=\""
                        + StalledClientsContract.SEND_BUFFER + "\"");
    }

    /** Starts it with the WAR under the context path /name. */
    Container start(Configuration configuration, String name) {
        return start(configuration, name, "");
    }

    private Container start(Configuration configuration, String name, String connector) {
        Peers.require(home.toString());
        return War.deploy(
                configuration, name, ACCESS_LOGS, (base, port) -> start(configuration, base, port, connector));
    }

    private Program start(Configuration configuration, Path base, int port, String connector) throws IOException {
        for (var directory : List.of("conf", "temp", "work")) {
            Files.createDirectories(base.resolve(directory));
        }
        for (var file : List.of("web.xml", "context.xml", "catalina.properties", "logging.properties")) {
            Files.copy(conf.resolve(file), base.resolve("conf").resolve(file));
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
                name,
                Map.of(
                        "CATALINA_HOME", home.toString(),
                        "CATALINA_BASE", base.toString(),
                        "CATALINA_TMPDIR", base.resolve("temp").toString(),
                        "JAVA_HOME", Java.home(),
                        "JAVA_OPTS", "-Djava.net.preferIPv4Stack=true " + String.join(" ", Java.QUICK_START),
                        "OCIREGISTRY_CONFIG", configuration.file().toString()),
                List.of("sh", home.resolve("bin/catalina.sh").toString(), "run"));
    }
}
