package io.ociregistry.registry;

import io.ociregistry.common.BuildInfo;
import io.ociregistry.common.ProgressListener;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.registry.verify.Problem;
import io.ociregistry.registry.verify.RepairOutcome;
import io.ociregistry.registry.verify.Verifier;
import io.ociregistry.store.Store;
import io.ociregistry.store.factory.StoreFactory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Verifies a cache that no server has open, and repairs it as far as possible. */
public final class CacheRepair {
    /**
     * The result of a repair.
     *
     * @param outcomes one outcome for each problem
     */
    public record Report(Verifier.Summary summary, List<RepairOutcome> outcomes) {
        public Report {
            outcomes = List.copyOf(outcomes);
        }
    }

    private CacheRepair() {}

    /**
     * Verifies the whole cache, then repairs it.
     *
     * @param found receives every problem, before the repair starts
     * @param progress receives the bytes of the blobs that were verified
     * @param repaired receives the outcome of each problem
     * @throws IOException if the cache can't be read or written, or a server has it open; the message says why
     */
    public static Report run(
            ServerConfig config, Consumer<Problem> found, ProgressListener progress, Consumer<RepairOutcome> repaired)
            throws IOException, InterruptedException {
        // Opening for writing would create a cache that does not exist.
        StoreFactory.openReadOnly(config).close();
        Store store = StoreFactory.openForCommand(
                config, "ociregistry " + BuildInfo.read().version() + " verify --repair");
        List<Problem> problems = new ArrayList<>();
        Verifier.Summary summary = verify(
                store,
                problem -> {
                    problems.add(problem);
                    found.accept(problem);
                },
                progress);
        List<RepairOutcome> outcomes = new ArrayList<>();
        try (RegistryContext context = RegistryContext.openWith(store, config)) {
            context.repair().repair(problems, outcome -> {
                outcomes.add(outcome);
                repaired.accept(outcome);
            });
        }
        return new Report(summary, outcomes);
    }

    /** Closes the store if the verification fails. */
    private static Verifier.Summary verify(Store store, Consumer<Problem> found, ProgressListener progress)
            throws IOException, InterruptedException {
        boolean verified = false;
        try {
            Optional<String> readOnly = store.status().warning();
            if (readOnly.isPresent()) {
                throw new IOException("the cache can't be repaired: " + readOnly.get());
            }
            Verifier.Summary summary = Verifier.of(store, found, progress).verify();
            verified = true;
            return summary;
        } finally {
            if (!verified) {
                store.close();
            }
        }
    }
}
