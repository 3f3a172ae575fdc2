package io.ociregistry.protocol;

import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Recorded;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One server with its upstreams, for all tests of a contract. Tests are independent by unique names
 * ({@link #unique}). A test with a failing upstream uses a separate upstream ({@link #spare}), because the server
 * remembers failures of an upstream.
 */
final class Stage implements AutoCloseable {
    private static final int SPARES = 120;

    /** A registry that no other test uses. */
    record Spare(String name, FakeUpstream upstream) {}

    private final FakeUpstream hub = FakeUpstream.start();
    private final FakeUpstream quay = FakeUpstream.start();
    private final List<Spare> spares = new ArrayList<>();
    private final AtomicInteger used = new AtomicInteger();
    private final AtomicInteger serial = new AtomicInteger();
    private final ServerUnderTest server;

    Stage(ServerUnderTest.Factory factory, Path directory) throws Exception {
        StringBuilder registries = new StringBuilder();
        list(registries, "docker.io", hub);
        list(registries, "quay.io", quay);
        list(registries, "mirror.example:5000", hub);
        for (int i = 0; i < SPARES; i++) {
            Spare spare = new Spare("spare" + i + ".example", FakeUpstream.start());
            spares.add(spare);
            list(registries, spare.name, spare.upstream);
        }
        server = factory.start(registries.toString(), directory);
    }

    private static void list(StringBuilder registries, String name, FakeUpstream upstream) {
        registries
                .append("- name: '")
                .append(name)
                .append("'\n  endpoint: ")
                .append(upstream.url())
                .append('\n');
    }

    URI base() {
        return server.base();
    }

    Path imagePath() {
        return server.imagePath();
    }

    /** Returns the upstream behind docker.io and mirror.example:5000. */
    FakeUpstream hub() {
        return hub;
    }

    /** Returns the upstream behind quay.io. */
    FakeUpstream quay() {
        return quay;
    }

    Spare spare() {
        return spares.get(used.getAndIncrement());
    }

    /** Adds a registry to the configuration; a reload applies it. */
    void add(String name, FakeUpstream upstream) throws Exception {
        StringBuilder entry = new StringBuilder();
        list(entry, name, upstream);
        server.append(entry.toString().indent(2).stripTrailing());
    }

    /** Returns a path component that no other test uses. */
    String unique() {
        return "t" + serial.incrementAndGet();
    }

    /** Returns the requests to all upstreams with this text in the path or query. */
    List<Recorded> requestsWith(String text) {
        List<FakeUpstream> all = new ArrayList<>(List.of(hub, quay));
        spares.forEach(spare -> all.add(spare.upstream));
        return all.stream()
                .flatMap(upstream -> upstream.requests().stream())
                .filter(request -> (request.path() + "?" + request.query()).contains(text))
                .toList();
    }

    @Override
    public void close() {
        server.close();
        hub.close();
        quay.close();
        spares.forEach(spare -> spare.upstream.close());
    }
}
