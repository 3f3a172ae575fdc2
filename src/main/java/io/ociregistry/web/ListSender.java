package io.ociregistry.web;

import io.ociregistry.registry.Listed;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** Sends a list, whose headers but for these are set already. */
final class ListSender {
    private ListSender() {}

    static void send(
            HttpServletRequest request, HttpServletResponse response, String contentType, byte[] body, Listed<?> list)
            throws IOException {
        WarningHeader.set(response, list.warning());
        PageQuery.link(request, list.next()).ifPresent(link -> response.setHeader("Link", link));
        response.setHeader("Content-Type", contentType);
        response.setContentLengthLong(body.length);
        Transfer.send(request, response, body);
    }
}
