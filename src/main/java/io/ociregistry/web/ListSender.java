package io.ociregistry.web;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Optional;

/** Sends a list, whose headers but for these are set already. */
final class ListSender {
    private ListSender() {}

    static void send(
            HttpServletRequest request,
            HttpServletResponse response,
            String contentType,
            byte[] body,
            Optional<String> warning)
            throws IOException {
        WarningHeader.set(response, warning);
        response.setHeader("Content-Type", contentType);
        response.setContentLengthLong(body.length);
        Transfer.send(request, response, body);
    }
}
