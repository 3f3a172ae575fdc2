package io.ociregistry.e2e;

import java.io.IOException;
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
        String page = Files.readString(Path.of("docs/reverse-proxy.md"));
        String block = page.substring(page.indexOf("```nginx") + "```nginx".length());
        String server = block.substring(0, block.indexOf("```"))
                .replace("listen 443 ssl;", "listen " + port + ";")
                .replace("http://127.0.0.1:8080", target)
                .lines()
                .filter(line -> !line.contains("ssl_certificate"))
                .collect(Collectors.joining("\n"));
        return start(runner, directory, server);
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

    @Override
    public void close() {
        program.close();
    }
}
