package io.ociregistry.metrics;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.List;
import java.util.function.LongConsumer;

/** Counts the requests of clients and their answers. Thread-safe; no method allocates once its series exist. */
@SuppressWarnings("EnumOrdinal") // the index of a series in memory, never stored
public final class HttpMetrics {
    /** The kinds of requests; at most these, because clients choose the path. */
    public enum Kind {
        MANIFEST,
        BLOB,
        TAGS,
        REFERRERS,
        /** {@code /v2/}. */
        BASE,
        /** {@code /cmd}, health checks and metrics. */
        ADMIN,
        OTHER
    }

    /** The place from which the bytes of a body come. */
    public enum Source {
        /** From the store. */
        CACHE,
        /** From an upstream, while they are stored. */
        ARRIVING,
        /** From an upstream, without being stored. */
        PASSED
    }

    /** Why the body of an answer ended early. */
    public enum Broken {
        /** The client disconnected. */
        CLIENT,
        /** The client read more slowly than the minimum rate. */
        TOO_SLOW,
        /** The upstream failed, or the disk. */
        UPSTREAM,
        WRONG_DIGEST,
        /** The server stopped. */
        SHUTDOWN
    }

    private static final List<String> METHODS = List.of("GET", "HEAD", "POST", "DELETE", "other");
    private static final int FIRST_CODE = 100;
    private static final int CODES = 500;
    private static final int KINDS = Kind.values().length;
    private static final int RESULTS = Provenance.Result.values().length;
    private static final int SOURCES = Source.values().length;
    private static final double NANOS = 1e9;

    private final Children<CounterDataPoint> requests;
    private final Children<DistributionDataPoint> firstByte;
    private final Children<LongConsumer> sent;
    private final Children<CounterDataPoint> broken;

    HttpMetrics(PrometheusRegistry registry) {
        Counter all = Metrics.counter("http_requests_total", "Answers to requests.", "kind", "method", "code")
                .register(registry);
        this.requests = new Children<>(KINDS * METHODS.size() * CODES, index -> {
            int series = index / CODES;
            return all.labelValues(
                    Children.label(Kind.values()[series / METHODS.size()]),
                    METHODS.get(series % METHODS.size()),
                    String.valueOf(FIRST_CODE + index % CODES));
        });
        Histogram times = Metrics.histogram(
                        "http_first_byte_seconds",
                        "Time from a request for content to its answer, before the first byte of the body is sent.",
                        "kind",
                        "result")
                .classicUpperBounds(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30)
                .register(registry);
        this.firstByte = new Children<>(
                KINDS * RESULTS,
                index -> times.labelValues(
                        Children.label(Kind.values()[index / RESULTS]),
                        Children.label(Provenance.Result.values()[index % RESULTS])));
        Counter bytes = Metrics.counter(
                        "http_response_bytes_total", "Bytes of bodies that were sent to clients.", "kind", "source")
                .register(registry);
        this.sent = new Children<>(KINDS * SOURCES, index -> {
            CounterDataPoint series = bytes.labelValues(
                    Children.label(Kind.values()[index / SOURCES]), Children.label(Source.values()[index % SOURCES]));
            return series::inc;
        });
        Counter ended = Metrics.counter(
                        "http_transfers_broken_total", "Answers whose body ended before its last byte.", "reason")
                .register(registry);
        this.broken = new Children<>(
                Broken.values().length, index -> ended.labelValues(Children.label(Broken.values()[index])));
        broken.createAll();
    }

    /** Counts one answer. */
    public void answered(Kind kind, String method, int code) {
        int status = Math.min(Math.max(code - FIRST_CODE, 0), CODES - 1);
        requests.at((kind.ordinal() * METHODS.size() + indexOf(method)) * CODES + status)
                .inc();
    }

    private static int indexOf(String method) {
        int known = METHODS.indexOf(method);
        return known < 0 ? METHODS.size() - 1 : known;
    }

    /** Records how long a request for content waited for its answer. */
    public void ready(Kind kind, Provenance.Result result, long nanos) {
        firstByte.at(kind.ordinal() * RESULTS + result.ordinal()).observe(nanos / NANOS);
    }

    /** Returns the counter of the bytes of such bodies. */
    public LongConsumer sent(Kind kind, Source source) {
        return sent.at(kind.ordinal() * SOURCES + source.ordinal());
    }

    /** Counts a body that ended early. */
    public void broken(Broken reason) {
        broken.at(reason.ordinal()).inc();
    }
}
