package io.ociregistry.e2e;

import io.ociregistry.testing.TestCertificates;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Debian's nginx as a reverse proxy in front of the server. */
final class Nginx implements AutoCloseable {
    private static final String PROGRAM = "/usr/sbin/nginx";

    private final Program program;

    private Nginx(Program program) {
        this.program = program;
    }

    static void require() {
        Peers.require(PROGRAM);
    }

    /** Starts it with the shortest configuration that works. */
    static Nginx start(List<String> runner, Path directory, int port, String target) throws IOException {
        return start(runner, directory, """
            server {
              listen %d;
              location / { proxy_pass %s; }
            }
            """.formatted(port, target));
    }

    /** Starts it with the documented configuration, without TLS. */
    static Nginx startDocumented(List<String> runner, Path directory, int port, String target) throws IOException {
        return start(
                runner,
                directory,
                documented()
                        .replace("listen 443 ssl;", "listen " + port + ";")
                        .replace("http://127.0.0.1:8080", target)
                        .lines()
                        .filter(line -> !line.contains("ssl_certificate"))
                        .collect(Collectors.joining("\n")));
    }

    /** Starts it with the documented configuration in front of a container with or without a context path. */
    static Nginx startDocumented(Path directory, int port, TestCertificates.Server tls, URI container)
            throws IOException {
        String origin = "http://" + container.getAuthority();
        Files.createDirectories(directory);
        String server = documented()
                .replace("listen 443 ssl;", "listen " + port + " ssl;")
                .replace("/etc/nginx/registry.pem", tls.certPem(directory).toString())
                .replace("/etc/nginx/registry.key", tls.keyPem(directory).toString())
                .replace("http://127.0.0.1:8080", origin);
        String context = container.getPath();
        return start(List.of(), directory, context.isEmpty() ? server : withContextPath(server, origin, context));
    }

    private static String withContextPath(String server, String origin, String context) {
        String location =
                server.substring(server.indexOf("    location /v2/ {"), server.indexOf("    location = /readyz"));
        String added = location.replace("proxy_pass " + origin, "proxy_pass " + origin + context + "/v2/");
        return server.replace(location, added + location.replace("location /v2/", "location " + context + "/v2/"))
                .replace(
                        "location = /readyz {\n        proxy_pass " + origin,
                        "location = /readyz {\n        proxy_pass " + origin + context + "/readyz");
    }

    private static String documented() throws IOException {
        String page = Files.readString(Path.of("docs/reverse-proxy.md"));
        String block = page.substring(page.indexOf("```nginx") + "```nginx".length());
        return block.substring(0, block.indexOf("```"));
    }

    /**
     * Starts nginx.
     *
     * @param runner the prefix of the command
     * @param directory for its files
     */
    private static Nginx start(List<String> runner, Path directory, String server) throws IOException {
        var configuration = Files.writeString(
                Files.createDirectories(directory).resolve("nginx.conf"), """
                    daemon off;
                    master_process off;
                    pid %1$s/pid;
                    error_log stderr info;
                    events {}
                    http {
                      access_log off;
                      client_body_temp_path %1$s/body;
                      proxy_temp_path %1$s/proxy;
                      fastcgi_temp_path %1$s/fastcgi;
                      scgi_temp_path %1$s/scgi;
                      uwsgi_temp_path %1$s/uwsgi;
                      %2$s
                    }
                    """.formatted(directory, server));
        var command = new ArrayList<>(runner);
        command.addAll(List.of(PROGRAM, "-p", directory.toString(), "-c", configuration.toString()));
        var program = Program.start("nginx", Map.of(), command);
        return new Nginx(program.waitUntil("it has its pid", () -> Files.exists(directory.resolve("pid"))));
    }

    /** Returns the output of nginx. */
    String log() {
        return program.log();
    }

    @Override
    public void close() {
        program.close();
    }
}
