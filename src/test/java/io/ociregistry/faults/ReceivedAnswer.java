package io.ociregistry.faults;

import io.ociregistry.testing.Headers;
import io.ociregistry.testing.RawHttp.Response;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The answer that a client received.
 *
 * @param body the received bytes, up to the end or to the break
 * @param complete whether all announced bytes arrived
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record ReceivedAnswer(int status, Headers headers, byte[] body, boolean complete) {
    static ReceivedAnswer of(Response answer) throws IOException {
        return of(new byte[0], answer);
    }

    /** Returns the answer with a first part that was read earlier. */
    static ReceivedAnswer of(byte[] first, Response answer) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.writeBytes(first);
        body.writeBytes(answer.body());
        return new ReceivedAnswer(answer.status(), answer.headers(), body.toByteArray(), answer.complete());
    }

    String header(String name) {
        return headers.first(name).orElse("");
    }

    Optional<String> warning() {
        return headers.first("Warning");
    }

    String text() {
        return new String(body, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return status + "\n" + headers + "\n" + body.length + " bytes" + (complete ? "" : ", incomplete");
    }
}
