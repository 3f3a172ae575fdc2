package io.ociregistry.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A server with another TLS library ({@code openssl s_server}), since Java servers refuse names with an underscore. It
 * sends files with complete responses to successive GET requests, and presents the certificate for a name only to
 * clients that send this name.
 */
public final class OpensslServer implements AutoCloseable {
    private final Path root;
    private final Process process;
    private final int port;

    private OpensslServer(Path root, Process process, int port) {
        this.root = root;
        this.process = process;
        this.port = port;
    }

    /** Starts the server; empty if openssl is not installed. */
    public static Optional<OpensslServer> start(TestCertificates authority, String name, Path directory)
            throws IOException {
        Path named = Files.createDirectories(directory.resolve("named"));
        Path other = Files.createDirectories(directory.resolve("other"));
        TestCertificates.Server right = authority.server(name);
        TestCertificates.Server wrong = authority.server("without-a-name.example");
        Path root = Files.createDirectories(directory.resolve("root"));
        ProcessBuilder builder = new ProcessBuilder(List.of(
                        "openssl",
                        "s_server",
                        "-accept",
                        "127.0.0.1:0",
                        "-cert",
                        wrong.certPem(other).toString(),
                        "-key",
                        wrong.keyPem(other).toString(),
                        "-servername",
                        name,
                        "-cert2",
                        right.certPem(named).toString(),
                        "-key2",
                        right.keyPem(named).toString(),
                        "-HTTP"))
                .directory(root.toFile())
                .redirectErrorStream(true);
        try {
            Process process = builder.start();
            return Optional.of(new OpensslServer(root, process, port(process)));
        } catch (IOException notInstalled) {
            return Optional.empty();
        }
    }

    private static int port(Process process) throws IOException {
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.startsWith("ACCEPT ")) {
                return Integer.parseInt(
                        line.substring(line.lastIndexOf(':') + 1).strip());
            }
        }
        throw new AssertionError("openssl s_server ended before it accepted");
    }

    public int port() {
        return port;
    }

    /** Answers a GET of the path with 200 and this body. */
    public void serve(String pathAndQuery, String contentType, byte[] body) throws IOException {
        Path file = root.resolve(pathAndQuery.substring(1));
        Files.createDirectories(file.getParent());
        String head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: " + contentType + "\r\nContent-Length: "
                + body.length + "\r\n\r\n";
        byte[] start = head.getBytes(StandardCharsets.US_ASCII);
        byte[] answer = new byte[start.length + body.length];
        System.arraycopy(start, 0, answer, 0, start.length);
        System.arraycopy(body, 0, answer, start.length, body.length);
        Files.write(file, answer);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
