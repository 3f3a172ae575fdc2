package io.ociregistry.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.ociregistry.metrics.HttpMetrics.Kind;
import io.ociregistry.metrics.RegistryMetrics.Outcome;
import io.ociregistry.metrics.RegistryMetrics.To;
import io.ociregistry.oci.RegistryName;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class RegistryLabelsTest {
    private static final int HITS = 20_000;
    private static final RegistryName CONFIGURED = RegistryName.parse("r.example");

    private final Metrics metrics = new Metrics();

    private static RegistryName unlisted(int number) {
        return RegistryName.parse("u" + number + ".example");
    }

    private void ask(RegistryName name) {
        metrics.of(name).asked(To.REGISTRY, Outcome.OK);
    }

    private Map<String, Double> requests() {
        return metrics.registry().scrape(name -> name.startsWith("ociregistry_upstream_requests")).stream()
                .flatMap(family -> family.getDataPoints().stream())
                .collect(Collectors.toMap(
                        point -> point.getLabels().get("registry"),
                        point -> ((CounterSnapshot.CounterDataPointSnapshot) point).getValue()));
    }

    @Test
    void registriesBeyondTheLimitShareOneLabel() {
        metrics.configure(Set.of(CONFIGURED));
        ask(CONFIGURED);
        for (int i = 0; i < 40; i++) {
            ask(unlisted(i));
        }
        Map<String, Double> requests = requests();
        assertEquals(34, requests.size());
        assertEquals(8, requests.get("other"));
        assertEquals(1, requests.get("r.example"));
        assertTrue(requests.containsKey("u39.example"));
        assertEquals(41, requests.values().stream().mapToDouble(value -> value).sum());
    }

    @Test
    void registryInUseKeepsItsLabel() {
        ask(unlisted(0));
        for (int i = 1; i < 100; i++) {
            ask(unlisted(i));
            ask(unlisted(0));
        }
        assertEquals(100, requests().get("u0.example"));
    }

    @Test
    void registryLosesItsLabelAfterItsEntryIsRemoved() {
        metrics.configure(Set.of(CONFIGURED));
        ask(CONFIGURED);
        for (int i = 0; i < 32; i++) {
            ask(unlisted(i));
        }
        metrics.configure(Set.of());
        assertEquals(1, requests().get("other"));
    }

    @Test
    void countingAHitAllocatesAtMostOneSmallObject() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        metrics.configure(Set.of(CONFIGURED));
        countHits();
        long before = threads.getCurrentThreadAllocatedBytes();
        countHits();
        long perHit = (threads.getCurrentThreadAllocatedBytes() - before) / HITS;
        assertTrue(perHit <= 48, perHit + " bytes");
    }

    private void countHits() {
        for (int i = 0; i < HITS; i++) {
            metrics.http().answered(Kind.BLOB, "GET", 200);
            metrics.http().ready(Kind.BLOB, Provenance.Result.HIT, 1000);
            metrics.of(CONFIGURED).cacheAnswered(Kind.BLOB, Provenance.Result.HIT);
            metrics.http().sent(Kind.BLOB, HttpMetrics.Source.CACHE).accept(1000);
        }
    }
}
