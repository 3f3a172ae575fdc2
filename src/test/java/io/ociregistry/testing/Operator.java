package io.ociregistry.testing;

import io.ociregistry.testing.RawHttp.Response;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** A client of the admin API with the token of the server. */
public record Operator(URI base, String token) {
    /** Returns the operator of a server that made its own token. */
    public static Operator of(URI base, Path imagePath) throws IOException {
        return new Operator(
                base, Files.readString(imagePath.resolve("admin-token")).strip());
    }

    /** Returns this operator for another port of the server. */
    public Operator at(URI other) {
        return new Operator(other, token);
    }

    /** Returns the header with the token. */
    public String authorization() {
        return "Authorization: Bearer " + token;
    }

    public Response get(String path, String... headers) throws IOException {
        return ask("GET", path, headers);
    }

    /** Sends a request without a body. */
    public Response ask(String method, String path, String... headers) throws IOException {
        return send("", method, path, headers);
    }

    /** Sends a request with a body. */
    public Response send(String body, String method, String path, String... headers) throws IOException {
        try (RawHttp client = RawHttp.connect(base)) {
            Response answer = send(client, body, method, path, headers);
            answer.body();
            return answer;
        }
    }

    /** Sends a request on the caller's connection; the caller reads the response body. */
    public Response send(RawHttp client, String body, String method, String path, String... headers)
            throws IOException {
        String[] all = Arrays.copyOf(headers, headers.length + 2);
        all[headers.length] = authorization();
        all[headers.length + 1] = "Content-Length: " + body.length();
        return client.sendWithBody(body, method, path, all);
    }
}
