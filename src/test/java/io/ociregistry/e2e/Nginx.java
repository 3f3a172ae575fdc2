package io.ociregistry.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Debian's nginx as a reverse proxy with the shortest configuration that works: {@code location / { proxy_pass ...; }}.
 */
final class Nginx implements AutoCloseable {
    private static final String PROGRAM = "/usr/sbin/nginx";

    private final Program program;

    private Nginx(Program program) {
        this.program = program;
    }

    static void require() {
        Peers.require(PROGRAM);
    }

    /**
     * Starts nginx.
     *
     * @param runner the prefix of the command
     * @param directory for its files
     */
    static Nginx start(List<String> runner, Path directory, int port, String target) throws IOException {
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
                  server {
                    listen %2$d;
                    location / { proxy_pass %3$s; }
                  }
                }
                """.formatted(directory, port, target));
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
