package io.ociregistry.faults;

import io.ociregistry.registry.ContextWith;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.RunningRegistry;
import io.ociregistry.testing.TestCertificates;
import io.ociregistry.upstream.pool.FastProbingUpstreams;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

/** One server for all cells, configured with a separate upstream for each cell, so that cells are independent. */
final class Stage implements AutoCloseable {
    /**
     * Deadlines that are shorter than the defaults, in the same order. A working upstream still meets them on a busy
     * machine: if the content is cached, the upstream has only a third of "answer".
     */
    private static final String SETTINGS = """
            prefetch: false
            timeouts: {answer: 6s, connect: 500ms, stall: 7s}
            cache: {negativeTtl: 200ms}
            registries:
            """;

    private static final Duration LONG = Duration.ofHours(1);

    private final Names names = new Names();
    private final AtomicReference<Duration> passed = new AtomicReference<>(Duration.ZERO);
    private final TestCertificates authority = TestCertificates.create();
    private final Map<Cell, FakeUpstream> upstreams = new LinkedHashMap<>();
    private final RunningRegistry registry;

    Stage(List<Cell> cells, Path directory) throws Exception {
        Path caPem = authority.caPem(directory);
        StringBuilder yaml = new StringBuilder(SETTINGS);
        for (Cell cell : cells) {
            boolean tls = cell.trouble() == Trouble.TLS;
            FakeUpstream upstream = tls ? FakeUpstream.startTls(authority.server(cell.host())) : FakeUpstream.start();
            upstreams.put(cell, upstream);
            yaml.append("- name: " + cell.host() + "\n");
            yaml.append("  endpoint: " + (tls ? "https://" : "http://") + cell.host() + ":" + upstream.port() + "\n");
            yaml.append("  tags: [{pattern: '*', policy: always}]\n");
            yaml.append(tls ? "  tls: {ca: '" + caPem + "'}\n" : "");
        }
        registry = RunningRegistry.startOpened(
                yaml.toString(),
                directory.resolve("images"),
                config ->
                        ContextWith.upstreams(config, FastProbingUpstreams.of(config, names), new LaterClock(passed)));
    }

    Path imagePath() {
        return registry.imagePath();
    }

    /** Advances the clock of all cells by an hour. */
    void timePasses() {
        passed.updateAndGet(before -> before.plus(LONG));
    }

    Scene scene(Cell cell) {
        return new Scene(cell, names, upstreams.get(cell), registry.base());
    }

    @Override
    public void close() {
        registry.close();
        upstreams.values().forEach(FakeUpstream::close);
    }

    /** The clock of the system plus the time that passed in the test. */
    private static final class LaterClock extends Clock {
        private final AtomicReference<Duration> passed;

        LaterClock(AtomicReference<Duration> passed) {
            this.passed = passed;
        }

        @Override
        public Instant instant() {
            return Instant.now().plus(passed.get());
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException();
        }
    }
}
