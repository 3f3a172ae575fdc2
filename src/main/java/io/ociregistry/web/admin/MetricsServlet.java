package io.ociregistry.web.admin;

import io.ociregistry.metrics.HttpMetrics.Kind;
import io.ociregistry.metrics.Metrics;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.web.send.BodySender;
import io.prometheus.metrics.exporter.servlet.jakarta.PrometheusMetricsServlet;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** Answers a scrape on a port that clients use, with the access rule of the admin API. */
public final class MetricsServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    private final transient Metrics metrics;
    private final transient AdminAccess access;
    private final transient BodySender sender;
    private final PrometheusMetricsServlet exporter;

    public MetricsServlet(Metrics metrics, AdminAccess access, BodySender sender) {
        this.metrics = metrics;
        this.access = access;
        this.sender = sender;
        this.exporter = new PrometheusMetricsServlet(metrics.registry());
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        try {
            if (!request.getMethod().equals("GET") && !request.getMethod().equals("HEAD")) {
                throw new RegistryException(ErrorCode.UNSUPPORTED, "/metrics accepts GET and HEAD only");
            }
            access.check(request);
            exporter.service(request, response);
        } catch (RegistryException e) {
            sender.fail(e, request, response);
        }
        metrics.http().answered(Kind.ADMIN, request.getMethod(), response.getStatus());
    }
}
