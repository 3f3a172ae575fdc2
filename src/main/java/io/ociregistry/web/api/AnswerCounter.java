package io.ociregistry.web.api;

import io.ociregistry.common.Causes;
import io.ociregistry.common.Futures;
import io.ociregistry.metrics.CacheResult;
import io.ociregistry.metrics.HttpMetrics;
import io.ociregistry.metrics.HttpMetrics.Kind;
import io.ociregistry.metrics.Metrics;
import io.ociregistry.metrics.Served;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.registry.policy.NegativeCache;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Counts answers before a transport sends them, each once. Thread-safe.
 *
 * <p>An error that replaces an answer whose body failed before its first byte is not counted again.
 */
public final class AnswerCounter {
    private final Metrics metrics;
    private final HttpMetrics http;
    private final ErrorAnswers errors;

    public AnswerCounter(Metrics metrics, ErrorAnswers errors) {
        this.metrics = metrics;
        this.http = metrics.http();
        this.errors = errors;
    }

    /** Returns the same work, whose answers are counted with this kind. */
    public Function<RequestHead, CompletionStage<Answer>> counted(
            Kind kind, Function<RequestHead, CompletionStage<Answer>> work) {
        return head -> {
            try {
                return count(kind, head, work.apply(head));
            } catch (RuntimeException e) {
                throw count(kind, head, e);
            }
        };
    }

    /** Counts an answer that is ready. */
    void count(Kind kind, RequestHead head, Answer answer) {
        http.answered(kind, head.method(), answer.status());
    }

    /** Counts the answer of a stage, and returns a stage that completes after that. */
    CompletionStage<Answer> count(Kind kind, RequestHead head, CompletionStage<Answer> stage) {
        CompletableFuture<Answer> answer = stage.toCompletableFuture();
        if (answer.isDone() && !answer.isCompletedExceptionally()) {
            count(kind, head, answer.join());
            return answer;
        }
        return answer.whenComplete((ready, failure) -> http.answered(kind, head.method(), status(ready, failure)));
    }

    /** Counts the answer to a failure, and returns the failure. */
    RuntimeException count(Kind kind, RequestHead head, RuntimeException failure) {
        http.answered(kind, head.method(), status(null, failure));
        return failure;
    }

    private int status(@Nullable Answer answer, @Nullable Throwable failure) {
        if (answer != null) {
            return answer.status();
        }
        return failure != null && Futures.cause(failure) instanceof RegistryException known
                ? errors.status(known.code())
                : ErrorCode.INTERNAL.status();
    }

    /** Counts how the cache answered a request for content of a registry. */
    void countContent(Kind kind, RegistryName registry, Answer answer, long start) {
        Optional<Served> served = answer.served();
        if (served.isPresent()) {
            countContent(kind, registry, served.get().result(), start);
        }
    }

    /** Counts how the cache answered a request for content of a registry that failed. */
    void countContent(Kind kind, RegistryName registry, Throwable failure, long start) {
        countContent(kind, registry, result(Futures.cause(failure)), start);
    }

    private void countContent(Kind kind, RegistryName registry, CacheResult result, long start) {
        http.ready(kind, result, System.nanoTime() - start);
        // A refused request may name any registry, so it gets no series of its own.
        (result == CacheResult.REFUSED ? metrics.known(registry) : metrics.of(registry)).cacheAnswered(kind, result);
    }

    private static CacheResult result(Throwable failure) {
        if (!(failure instanceof RegistryException known)) {
            return CacheResult.MISS;
        }
        return switch (known.code()) {
            case MANIFEST_UNKNOWN, BLOB_UNKNOWN, NAME_UNKNOWN ->
                Causes.find(known, NegativeCache.Remembered.class).isPresent()
                        ? CacheResult.NEGATIVE
                        : CacheResult.MISS;
            case DENIED, TOO_MANY_REQUESTS, OVERLOADED, LOOP, REQUEST_INVALID -> CacheResult.REFUSED;
            default -> CacheResult.MISS;
        };
    }
}
