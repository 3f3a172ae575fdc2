package io.ociregistry.standalone.jetty;

import io.ociregistry.metrics.HttpMetrics;
import io.ociregistry.metrics.Metrics;
import java.util.Locale;
import java.util.Optional;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.ServerConnector;

/** The gauges of the embedded server, read at a scrape. */
record ServerMetrics(ServerConnector connector, RequestsInFlight requests, Optional<ServerTls> tls) {
    private static final double MILLIS = 1e3;

    void register(Metrics metrics) {
        metrics.addGauge(
                "http_requests_in_flight",
                "Requests whose answers are not complete.",
                values -> requests.byKind().forEach((kind, count) -> values.add(count, label(kind))),
                "kind");
        metrics.addGauge(
                "http_connections",
                "Open connections of the port of the clients.",
                values -> values.add(connector.getConnectedEndPoints().size()));
        metrics.addGauge(
                "http_connections_limit",
                "The maximum number of connections; further clients wait.",
                values -> values.add(
                        connector.getBean(NetworkConnectionLimit.class).getMaxNetworkConnectionCount()));
        metrics.addGauge(
                "certificate_expiry_timestamp_seconds",
                "Time at which the certificate of the server expires; without a value for plain HTTP.",
                values -> tls.ifPresent(secured -> values.add(secured.expiry().toEpochMilli() / MILLIS, "server")),
                "use");
    }

    private static String label(HttpMetrics.Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }
}
