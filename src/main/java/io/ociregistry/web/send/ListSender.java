package io.ociregistry.web.send;

import io.ociregistry.registry.list.ListResult;
import io.ociregistry.web.api.PageQuery;
import io.ociregistry.web.api.WarningHeader;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** Sends a list with its {@code Warning}, {@code Link} and content headers. */
public final class ListSender {
    private ListSender() {}

    public static void send(
            HttpServletRequest request,
            HttpServletResponse response,
            String contentType,
            byte[] body,
            ListResult<?> list)
            throws IOException {
        WarningHeader.set(response, list.warning());
        PageQuery.link(request, list.next()).ifPresent(link -> response.setHeader("Link", link));
        response.setHeader("Content-Type", contentType);
        response.setContentLengthLong(body.length);
        BodyWriter.send(request, response, body);
    }
}
