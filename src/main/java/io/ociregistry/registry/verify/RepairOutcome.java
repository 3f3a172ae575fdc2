package io.ociregistry.registry.verify;

import java.util.Optional;

/**
 * The outcome of the repair of one problem. Its text is one line.
 *
 * @param obstacle why the problem is not repaired; empty if it is
 */
public record RepairOutcome(Problem problem, Optional<String> obstacle) {
    public boolean isRepaired() {
        return obstacle.isEmpty();
    }

    @Override
    public String toString() {
        return obstacle.map(why -> "not repaired  " + problem.subject() + ": " + why)
                .orElse("repaired      " + problem.subject());
    }
}
