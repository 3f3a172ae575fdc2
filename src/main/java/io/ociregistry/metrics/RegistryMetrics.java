package io.ociregistry.metrics;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.List;
import java.util.function.Supplier;

/** Counts what concerns one registry. Thread-safe; no method allocates once its series exist. */
@SuppressWarnings("EnumOrdinal") // the index of a series in memory, never stored
public final class RegistryMetrics {
    /** The server to which a request was sent. */
    public enum To {
        REGISTRY,
        MIRROR,
        /** The token service of the registry or of a mirror. */
        TOKEN,
        /** Another server to which the registry or a mirror redirected. */
        STORAGE
    }

    /** The result of one request to an upstream. */
    public enum Outcome {
        /** The expected answer; also a redirect, and a challenge that was answered. */
        OK,
        NOT_FOUND,
        DENIED,
        LIMITED,
        SERVER_ERROR,
        TIMEOUT,
        DNS,
        CONNECT,
        TLS,
        /** The connection broke before the answer. */
        BROKEN,
        /** An answer with a status that the protocol does not allow. */
        WRONG;

        /** Returns the outcome of an answer with this status. */
        public static Outcome of(int status) {
            if (status < 400) {
                return OK;
            }
            if (status >= 500) {
                return SERVER_ERROR;
            }
            return switch (status) {
                case 401, 403 -> DENIED;
                case 404 -> NOT_FOUND;
                case 429 -> LIMITED;
                default -> WRONG;
            };
        }
    }

    /** The end of a download. */
    public enum Download {
        STORED,
        /** Sent to the clients, but not stored. */
        PASSED,
        FAILED,
        WRONG_DIGEST
    }

    /** Why a download had to go on by another request. */
    public enum Resume {
        /** The connection broke. */
        CUT,
        /** The upstream sent too slowly or nothing. */
        STALL,
        /** Another source is better, or the bytes were wrong and are fetched again. */
        SOURCE,
        /** An earlier download, such as one before a restart of the server, left a part. */
        RESTART
    }

    private static final int RESULTS = Provenance.Result.values().length;
    private static final int OUTCOMES = Outcome.values().length;
    private static final int TARGETS = To.values().length;
    private static final double NANOS = 1e9;

    /** A metric with the label {@code registry} and its series for one registry. */
    private record Series<D>(Children<D> children, Removal<D> removal) {
        D at(int index) {
            return children.at(index);
        }

        void moveTo(Series<D> other) {
            children.forEachIndex(index -> removal.move(children.at(index), index, () -> other.children.at(index)));
        }
    }

    private interface Removal<D> {
        void move(D child, int index, Supplier<D> other);
    }

    private final Series<CounterDataPoint> cache;
    private final Series<CounterDataPoint> requests;
    private final Series<DistributionDataPoint> headers;
    private final Series<CounterDataPoint> received;
    private final Series<CounterDataPoint> downloads;
    private final Series<CounterDataPoint> resumes;
    private final Series<DistributionDataPoint> durations;
    private volatile long lastUsed = System.nanoTime();

    /** The metrics with the label {@code registry}. */
    record Families(
            Counter cache,
            Counter requests,
            Histogram headers,
            Counter received,
            Counter downloads,
            Counter resumes,
            Histogram durations) {
        static Families register(PrometheusRegistry registry) {
            return new Families(
                    Metrics.counter(
                                    "cache_requests_total",
                                    "Requests for content, by the way in which the cache answered.",
                                    "registry",
                                    "kind",
                                    "result")
                            .register(registry),
                    Metrics.counter(
                                    "upstream_requests_total",
                                    "Requests to upstreams, redirects and tokens included.",
                                    "registry",
                                    "to",
                                    "outcome")
                            .register(registry),
                    Metrics.histogram(
                                    "upstream_header_seconds",
                                    "Time from a request to an upstream to the headers of its answer.",
                                    "registry",
                                    "to")
                            .classicUpperBounds(.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60)
                            .register(registry),
                    Metrics.counter(
                                    "upstream_received_bytes_total",
                                    "Bytes of bodies that upstreams sent.",
                                    "registry",
                                    "to")
                            .register(registry),
                    Metrics.counter("downloads_total", "Ended downloads of blobs.", "registry", "outcome")
                            .register(registry),
                    Metrics.counter(
                                    "download_resumes_total",
                                    "Requests that continued or repeated the download of a blob.",
                                    "registry",
                                    "reason")
                            .register(registry),
                    Metrics.histogram("download_seconds", "Duration of the successful downloads of blobs.", "registry")
                            .classicUpperBounds(.1, .5, 1, 5, 15, 60, 300, 900, 3600)
                            .register(registry));
        }
    }

    RegistryMetrics(Families families, String name) {
        this.cache = counters(
                families.cache,
                HttpMetrics.Kind.values().length * RESULTS,
                index -> List.of(
                        name,
                        Children.label(HttpMetrics.Kind.values()[index / RESULTS]),
                        Children.label(Provenance.Result.values()[index % RESULTS])));
        this.requests = counters(
                families.requests,
                TARGETS * OUTCOMES,
                index -> List.of(
                        name,
                        Children.label(To.values()[index / OUTCOMES]),
                        Children.label(Outcome.values()[index % OUTCOMES])));
        this.headers =
                histograms(families.headers, TARGETS, index -> List.of(name, Children.label(To.values()[index])));
        this.received =
                counters(families.received, TARGETS, index -> List.of(name, Children.label(To.values()[index])));
        this.downloads = counters(
                families.downloads,
                Download.values().length,
                index -> List.of(name, Children.label(Download.values()[index])));
        this.resumes = counters(
                families.resumes,
                Resume.values().length,
                index -> List.of(name, Children.label(Resume.values()[index])));
        this.durations = histograms(families.durations, 1, index -> List.of(name));
    }

    private interface Labels {
        List<String> of(int index);
    }

    private static Series<CounterDataPoint> counters(Counter metric, int size, Labels labels) {
        return new Series<>(
                new Children<>(size, index -> metric.labelValues(array(labels, index))), (child, index, other) -> {
                    other.get().inc(child.getLongValue());
                    metric.remove(array(labels, index));
                });
    }

    private static Series<DistributionDataPoint> histograms(Histogram metric, int size, Labels labels) {
        return new Series<>(
                new Children<>(size, index -> metric.labelValues(array(labels, index))),
                (child, index, other) -> metric.remove(array(labels, index)));
    }

    private static String[] array(Labels labels, int index) {
        return labels.of(index).toArray(String[]::new);
    }

    /** Shows the results of downloads from the start, so that an alert sees the first one. */
    void createDownloads() {
        downloads.children.createAll();
        resumes.children.createAll();
    }

    /** Adds the counts to those of another registry, and removes the series; the series of durations are dropped. */
    void moveTo(RegistryMetrics other) {
        cache.moveTo(other.cache);
        requests.moveTo(other.requests);
        headers.moveTo(other.headers);
        received.moveTo(other.received);
        downloads.moveTo(other.downloads);
        resumes.moveTo(other.resumes);
        durations.moveTo(other.durations);
    }

    void touch() {
        lastUsed = System.nanoTime();
    }

    long lastUsed() {
        return lastUsed;
    }

    /** Counts a request for content. */
    public void cacheAnswered(HttpMetrics.Kind kind, Provenance.Result result) {
        cache.at(kind.ordinal() * RESULTS + result.ordinal()).inc();
    }

    /** Counts a request to an upstream. */
    public void asked(To to, Outcome outcome) {
        requests.at(to.ordinal() * OUTCOMES + outcome.ordinal()).inc();
    }

    /** Records how long an upstream took to answer. */
    public void answeredIn(To to, long nanos) {
        headers.at(to.ordinal()).observe(nanos / NANOS);
    }

    /** Counts bytes that an upstream sent. */
    public void received(To to, long bytes) {
        received.at(to.ordinal()).inc(bytes);
    }

    /** Counts the end of a download. */
    public void downloadEnded(Download outcome) {
        downloads.at(outcome.ordinal()).inc();
    }

    /** Counts a further request for the same blob. */
    public void resumed(Resume reason) {
        resumes.at(reason.ordinal()).inc();
    }

    /** Records the duration of a successful download. */
    public void downloadTook(long nanos) {
        durations.at(0).observe(nanos / NANOS);
    }
}
