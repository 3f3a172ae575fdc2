package io.ociregistry.faults;

import io.ociregistry.registry.ContextWith;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.RunningRegistry;
import io.ociregistry.testing.TestCertificates;
import io.ociregistry.upstream.QuickUpstreams;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One server for all cells, configured with an upstream for each, so that none of them knows of the others. */
final class Stage implements AutoCloseable {
    /**
     * In the proportions of the real ones, at a quarter for what a healthy upstream on a busy machine must not miss: a third of "answer" is how
     * long a cached tag waits.
     */
    private static final String SETTINGS = """
            prefetch: false
            timeouts: {answer: 2400ms, connect: 600ms, stall: 3s}
            registries:
            """;

    private final Names names = new Names();
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
                config -> ContextWith.upstreams(config, QuickUpstreams.of(config, names)));
    }

    Path imagePath() {
        return registry.imagePath();
    }

    Scene scene(Cell cell) {
        return new Scene(cell, names, upstreams.get(cell), registry.base());
    }

    @Override
    public void close() {
        registry.close();
        upstreams.values().forEach(FakeUpstream::close);
    }
}
