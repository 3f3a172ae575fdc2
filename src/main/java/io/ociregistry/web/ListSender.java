package io.ociregistry.web;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;

/** Sends a list, whose headers but for these are set already. */
final class ListSender {
    private ListSender() {}

    static void send(
            HttpServletRequest request,
            HttpServletResponse response,
            String contentType,
            byte[] body,
            Optional<String> warning,
            Executor executor)
            throws IOException {
        WarningHeader.set(response, warning);
        response.setHeader("Content-Type", contentType);
        response.setContentLengthLong(body.length);
        if (request.getMethod().equals("GET")) {
            Transfer.start(request, response, List.of(new Transfer.Part.Bytes(body)), () -> {}, executor);
        }
    }
}
