package io.ociregistry.faults;

import io.ociregistry.testing.Headers;
import io.ociregistry.testing.RawHttp.Response;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What a client has got in the end.
 *
 * @param body up to its end, or to where it breaks
 * @param complete whether that is all that was announced
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Got(int status, Headers headers, byte[] body, boolean complete) {
    static Got of(Response answer) throws IOException {
        return of(new byte[0], answer);
    }

    /** Where a first part was read already. */
    static Got of(byte[] first, Response answer) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.writeBytes(first);
        body.writeBytes(answer.body());
        return new Got(answer.status(), answer.headers(), body.toByteArray(), answer.complete());
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
        return status + "\n" + headers + "\n" + body.length + " bytes" + (complete ? "" : ", broken off");
    }
}
