package io.ociregistry.web.admin;

import io.ociregistry.common.ByteSize;
import io.ociregistry.common.GoDuration;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.admin.Admin;
import io.ociregistry.registry.policy.ReferencePatterns;
import io.ociregistry.registry.prune.PrunePolicy;
import io.ociregistry.registry.prune.PruneReport;
import io.ociregistry.registry.prune.PruneRequest;
import io.ociregistry.web.api.Answer;
import io.ociregistry.web.api.Query;
import io.ociregistry.web.send.TrustedProxies;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Prunes the cache, or reports what a prune would remove. Without {@code dryRun=false} nothing is removed.
 *
 * <p>The parameters {@code type}, {@code dur} and {@code expr} are those of the Go program. Other parameters are
 * additions and can be combined: an image is removed if all of them select it. A parameter that would have no effect is
 * refused, because the operator meant it to limit the prune.
 */
record AdminPrune(Admin admin, TrustedProxies proxies) implements AdminRoute.Endpoint {
    private static final Logger LOG = LoggerFactory.getLogger(AdminPrune.class);
    /** The default of the Go program. */
    private static final int DEFAULT_COUNT = 50;

    @Override
    public CompletionStage<Answer> answer(HttpServletRequest request) {
        PruneRequest prune = request(new PruneParameters(Query.of(request.getQueryString())));
        AdminResponse form = AdminResponse.of(request);
        String client = proxies.describe(request);
        return admin.prune(prune).thenApply(report -> {
            if (!report.isDryRun()) {
                LOG.warn("pruned by a request of {}\n{}", client, String.join("\n", report.lines()));
            }
            return form.answer(form.bytes(report, AdminPrune::text));
        });
    }

    private static String text(PruneReport report) {
        return String.join("\n", report.lines()) + "\n";
    }

    private static PruneRequest request(PruneParameters given) {
        given.check();
        List<PrunePolicy> policies = new ArrayList<>();
        given.get("type", Function.identity())
                .map(type -> policy(type, given))
                .or(() -> given.get("expr", ReferencePatterns::parse).map(PrunePolicy.Matching::new))
                .ifPresent(policies::add);
        given.get("createdBefore", Instant::parse).ifPresent(time -> policies.add(new PrunePolicy.CreatedBefore(time)));
        given.get("pulledBefore", Instant::parse).ifPresent(time -> policies.add(new PrunePolicy.PulledBefore(time)));
        OptionalLong maxSize =
                given.get("maxSize", ByteSize::parse).map(OptionalLong::of).orElse(OptionalLong.empty());
        if (policies.isEmpty() && maxSize.isEmpty()) {
            throw PruneParameters.invalid(
                    "no parameter selects images; add type=pattern&expr=..., type=created&dur=30d, "
                            + "type=accessed&dur=30d, createdBefore, pulledBefore or maxSize");
        }
        int count = given.get("count", AdminPrune::count).orElse(DEFAULT_COUNT);
        return new PruneRequest(
                policies.size() == 1 ? policies.get(0) : new PrunePolicy.AllOf(policies),
                count < 0 ? OptionalInt.empty() : OptionalInt.of(count),
                maxSize,
                given.raw("dryRun").map(AdminPrune::isTrue).orElse(true));
    }

    private static PrunePolicy policy(String type, PruneParameters given) {
        return switch (type) {
            case "pattern" -> new PrunePolicy.Matching(given.require("expr", ReferencePatterns::parse));
            case "created" -> new PrunePolicy.CreatedBefore(ago(given));
            case "accessed" -> new PrunePolicy.PulledBefore(ago(given));
            default -> throw PruneParameters.invalid("type must be created, accessed or pattern");
        };
    }

    private static Instant ago(PruneParameters given) {
        Duration age = given.require("dur", GoDuration::parse);
        return Instant.now().minus(age);
    }

    private static int count(String text) {
        if (!text.matches("-1|[0-9]{1,9}")) {
            throw new IllegalArgumentException("'" + text + "' is not a number, or -1 for all");
        }
        return Integer.parseInt(text);
    }

    /** Parses a boolean as Go does. */
    private static boolean isTrue(String text) {
        return switch (text) {
            case "1", "t", "T", "TRUE", "true", "True" -> true;
            case "0", "f", "F", "FALSE", "false", "False" -> false;
            default -> throw new RegistryException(ErrorCode.REQUEST_INVALID, "invalid dry run param: " + text);
        };
    }
}
