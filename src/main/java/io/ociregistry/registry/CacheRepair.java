package io.ociregistry.registry;

import io.ociregistry.common.BuildInfo;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.registry.verify.Problem;
import io.ociregistry.registry.verify.RepairOutcome;
import io.ociregistry.registry.verify.Verifier;
import io.ociregistry.store.disk.StoreAccess;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Verifies a cache that no server has open, and repairs what can be. */
public final class CacheRepair {
    /**
     * What came of it.
     *
     * @param outcomes one for each problem
     */
    public record Report(Verifier.Summary summary, List<RepairOutcome> outcomes) {
        public Report {
            outcomes = List.copyOf(outcomes);
        }
    }

    private CacheRepair() {}

    /**
     * Does it.
     *
     * @param found hears of every problem, before anything is repaired
     * @param repaired hears what became of it
     * @throws IOException if the cache can't be used, is held by a server, or can't be written; the message says why
     */
    public static Report run(ServerConfig config, Consumer<Problem> found, Consumer<RepairOutcome> repaired)
            throws IOException, InterruptedException {
        // Opening it to write would make one.
        StoreAccess.openToRead(config.imagePath()).close();
        StoreAccess access = StoreAccess.openForCommand(
                config.imagePath(), "ociregistry " + BuildInfo.read().version() + " verify --repair");
        List<Problem> problems = new ArrayList<>();
        Verifier.Summary summary = look(access, config, problem -> {
            problems.add(problem);
            found.accept(problem);
        });
        List<RepairOutcome> outcomes = new ArrayList<>();
        try (RegistryContext context = RegistryContext.on(access, config)) {
            context.repair().repair(problems, outcome -> {
                outcomes.add(outcome);
                repaired.accept(outcome);
            });
        }
        return new Report(summary, outcomes);
    }

    /** Closes the store if that fails. */
    private static Verifier.Summary look(StoreAccess access, ServerConfig config, Consumer<Problem> found)
            throws IOException, InterruptedException {
        boolean done = false;
        try {
            Optional<String> readOnly = access.warning();
            if (readOnly.isPresent()) {
                throw new IOException("nothing can be repaired: " + readOnly.get());
            }
            Verifier.Summary summary = Verifier.of(access, config, found).verify();
            done = true;
            return summary;
        } finally {
            if (!done) {
                access.close();
            }
        }
    }
}
