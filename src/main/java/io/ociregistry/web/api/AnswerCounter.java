package io.ociregistry.web.api;

import io.ociregistry.common.Futures;
import io.ociregistry.metrics.HttpMetrics;
import io.ociregistry.metrics.HttpMetrics.Kind;
import io.ociregistry.metrics.HttpMetrics.Source;
import io.ociregistry.metrics.Metrics;
import io.ociregistry.metrics.Provenance;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.store.BlobSource;
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

    /** Counts how the cache answered a request for content, and the bytes of the answer while they are sent. */
    void countContent(Kind kind, RegistryName registry, RequestHead head, Answer answer, long start) {
        Optional<Provenance> provenance = head.log().provenance();
        if (provenance.isPresent()) {
            countContent(kind, registry, provenance.get(), start);
            head.log().setCounter(http.sent(kind, source(answer, provenance.get())));
        }
    }

    /** Counts how the cache answered a request for content of a registry that failed. */
    void countContent(Kind kind, RegistryName registry, Throwable failure, long start) {
        countContent(
                kind,
                registry,
                Futures.cause(failure) instanceof RegistryException known ? Provenance.of(known) : Provenance.INTERNAL,
                start);
    }

    private void countContent(Kind kind, RegistryName registry, Provenance provenance, long start) {
        Provenance.Result result = provenance.result();
        http.ready(kind, result, System.nanoTime() - start);
        // A refused request may name any registry, so it gets no series of its own.
        (result == Provenance.Result.REFUSED ? metrics.known(registry) : metrics.of(registry))
                .cacheAnswered(kind, result);
    }

    private static Source source(Answer answer, Provenance provenance) {
        Optional<BlobSource.Origin> origin = answer.body().origin();
        if (origin.isEmpty()) {
            return provenance.source().equals(Provenance.CACHE) ? Source.CACHE : Source.ARRIVING;
        }
        return switch (origin.get()) {
            case STORED -> Source.CACHE;
            case ARRIVING -> Source.ARRIVING;
            case PASSED -> Source.PASSED;
        };
    }
}
