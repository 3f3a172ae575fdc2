package io.ociregistry.standalone;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.Callback;

/**
 * Runs a server on a temporary cache, pulls one image through it, and stops it. A JVM that runs this class with {@code
 * -XX:ArchiveClassesAtExit} or {@code -XX:AOTCacheOutput} writes an archive of the classes that a server needs:
 *
 * <pre>java -XX:ArchiveClassesAtExit=FILE -cp ociregistry.jar io.ociregistry.standalone.Training DIRECTORY</pre>
 *
 * <p>All traffic is on loopback. The exit code is 0 only if the pull succeeded.
 */
final class Training {
    private static final Pattern PORT = Pattern.compile("\\(port ([0-9]+)\\)");
    private static final int LIMIT_SECONDS = 120;
    private static final String CONFIG = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    private static final String MANIFEST = """
        {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
         "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "%s", "size": 2},
         "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": "%s", "size": 2}]}
        """.formatted(CONFIG, CONFIG);
    private static final List<String> PULL = List.of(
            "/livez",
            "/readyz",
            "/v2/",
            "/v2/training/app/manifests/1?ns=training.example",
            "/v2/training/app/blobs/" + CONFIG + "?ns=training.example",
            "/v2/training/app/manifests/1?ns=training.example",
            "/v2/training/app/blobs/" + CONFIG + "?ns=training.example");

    private Training() {}

    public static void main(String[] args) {
        if (args.length != 1) {
            System.err.println("usage: Training DIRECTORY");
            System.exit(2);
        }
        try {
            pullThroughServer(Files.createDirectories(Path.of(args[0])));
        } catch (Exception e) {
            System.err.println("ociregistry: the training in " + args[0] + " failed: " + e);
            Runtime.getRuntime().halt(1); // an exit would stop the server, which ends with 0
        }
        System.exit(0);
    }

    private static void pullThroughServer(Path directory) throws Exception {
        var upstream = new Server(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        upstream.setHandler(new Upstream());
        upstream.start();
        Path configuration = Files.writeString(
                directory.resolve("training.yaml"), """
                    imagePath: %s
                    host: 127.0.0.1
                    port: 0
                    logLevel: info
                    registries:
                    - name: training.example
                      endpoint: %s
                    """.formatted(directory.resolve("cache"), upstream.getURI()));
        var output = new Output();
        var err = new PrintStream(output, true, StandardCharsets.UTF_8);
        var server = new Thread(
                () -> output.ended(Main.run(System.out, err, "serve", "--config-file", configuration.toString())),
                "training server");
        server.start();
        int port = output.port.get(LIMIT_SECONDS, TimeUnit.SECONDS);
        for (String path : PULL) {
            get(URI.create("http://127.0.0.1:" + port + path));
        }
    }

    private static void get(URI uri) throws IOException {
        var connection = (HttpURLConnection) uri.toURL().openConnection();
        connection.setConnectTimeout(LIMIT_SECONDS * 1000);
        connection.setReadTimeout(LIMIT_SECONDS * 1000);
        try (var body = connection.getInputStream()) {
            body.readAllBytes();
        }
    }

    /** The output of the server, which has the port in its banner. */
    private static final class Output extends OutputStream {
        private final CompletableFuture<Integer> port = new CompletableFuture<>();
        private final StringBuilder text = new StringBuilder();

        @Override
        public synchronized void write(int character) {
            System.err.write(character);
            text.append((char) character);
            if (character == '\n' && !port.isDone()) {
                var found = PORT.matcher(text);
                if (found.find()) {
                    port.complete(Integer.valueOf(found.group(1)));
                }
            }
        }

        private void ended(int status) {
            port.completeExceptionally(new IOException("the server ended with status " + status));
        }
    }

    /** A registry with one image. */
    private static final class Upstream extends Handler.Abstract {
        private static final Map<String, String> TYPES =
                Map.of("manifests", "application/vnd.oci.image.manifest.v1+json", "blobs", "application/octet-stream");

        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            var type = TYPES.entrySet().stream()
                    .filter(each -> Request.getPathInContext(request).contains("/" + each.getKey() + "/"))
                    .findFirst();
            String body = type.filter(each -> each.getKey().equals("manifests")).isPresent() ? MANIFEST : "{}";
            response.getHeaders()
                    .put("Content-Type", type.map(Map.Entry::getValue).orElse("application/json"));
            Content.Sink.write(response, true, body, callback);
            return true;
        }
    }
}
