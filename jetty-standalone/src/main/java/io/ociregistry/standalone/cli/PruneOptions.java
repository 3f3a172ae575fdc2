package io.ociregistry.standalone.cli;

import io.ociregistry.common.ByteSize;
import io.ociregistry.common.GoDuration;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.policy.ReferencePatterns;
import io.ociregistry.registry.prune.PrunePolicy;
import io.ociregistry.registry.prune.PruneRequest;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Makes a request of the options of {@code prune}. An image must match all of them. */
public record PruneOptions(GivenOptions options, Instant now) {
    private static final String CRITERIA =
            "--pattern, --date (or --prune-before), --older-than, --unused-for or --max-size";

    public PruneRequest request() throws UsageException {
        List<PrunePolicy> policies = new ArrayList<>();
        add(policies, CliOption.PATTERN, text -> new PrunePolicy.Matching(ReferencePatterns.parse(text)));
        add(policies, CliOption.DATE, text -> new PrunePolicy.CreatedBefore(time(text)));
        add(policies, CliOption.PRUNE_BEFORE, text -> new PrunePolicy.CreatedBefore(time(text)));
        add(policies, CliOption.OLDER_THAN, text -> new PrunePolicy.CreatedBefore(ago(text)));
        add(policies, CliOption.UNUSED_FOR, text -> new PrunePolicy.PulledBefore(ago(text)));
        List<Long> size = new ArrayList<>();
        add(size, CliOption.MAX_SIZE, ByteSize::parse);
        List<Integer> count = new ArrayList<>();
        add(count, CliOption.COUNT, PruneOptions::count);
        if (policies.isEmpty() && size.isEmpty()) {
            throw new UsageException("prune needs an option that selects images: " + CRITERIA);
        }
        return new PruneRequest(
                new PrunePolicy.AllOf(policies),
                count.isEmpty() ? OptionalInt.empty() : OptionalInt.of(count.get(0)),
                size.isEmpty() ? OptionalLong.empty() : OptionalLong.of(size.get(0)),
                options.has(CliOption.DRY_RUN));
    }

    private interface Parser<T> {
        T parse(String text) throws UsageException;
    }

    private <T> void add(List<T> list, CliOption option, Parser<T> parser) throws UsageException {
        var text = options.get(option);
        if (text.isEmpty()) {
            return;
        }
        try {
            list.add(parser.parse(text.get()));
        } catch (IllegalArgumentException | RegistryException | UsageException e) {
            throw new UsageException(option + ": " + e.getMessage());
        }
    }

    private Instant ago(String text) {
        return now.minus(GoDuration.parse(text));
    }

    private static int count(String text) {
        if (!text.matches("[0-9]{1,9}")) {
            throw new IllegalArgumentException("'" + text + "' is not a number of images");
        }
        return Integer.parseInt(text);
    }

    /** Parses a time with an offset, or local time as {@code list} prints it. */
    private static Instant time(String text) throws UsageException {
        return TimeParser.parse(text, ZoneId.systemDefault());
    }
}
