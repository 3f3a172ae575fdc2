package io.ociregistry.web;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.web.send.BodySender;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/**
 * Answers 404 for each path that is not part of the API. It takes the place of the default servlet of a container,
 * which may list the files of the WAR.
 */
final class UnknownPathServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    private final transient BodySender sender;

    UnknownPathServlet(BodySender sender) {
        this.sender = sender;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String why = "no such path; this is a registry, whose paths start with /v2/";
        sender.fail(new RegistryException(ErrorCode.PATH_UNKNOWN, why), request, response);
    }
}
