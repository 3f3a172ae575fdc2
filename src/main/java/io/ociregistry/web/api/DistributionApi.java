package io.ociregistry.web.api;

import io.ociregistry.access.ClientAccess;
import io.ociregistry.common.Futures;
import io.ociregistry.metrics.HttpMetrics.Kind;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.registry.policy.RegistryNames;
import io.ociregistry.web.api.ApiRequest.BlobRequest;
import io.ociregistry.web.api.ApiRequest.ManifestRequest;
import io.ociregistry.web.api.ApiRequest.PingRequest;
import io.ociregistry.web.api.ApiRequest.ReferrersRequest;
import io.ociregistry.web.api.ApiRequest.TagsRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;

/**
 * The pull part of the distribution API, for any transport: authenticates a request, parses it and answers it.
 * Thread-safe.
 *
 * <p>No method blocks. The stage of a hit is complete when it is returned. Methods throw {@link RegistryException}, or
 * return stages that fail with it; {@link ErrorAnswers} renders it. A stage fails with
 * {@link ErrorCode#UPSTREAM_TIMEOUT} after {@code timeouts.answer}. The caller sends or closes the answer.
 */
public final class DistributionApi {
    /** The header by which clients recognize the API; every answer under {@code /v2} has it. */
    public static final String VERSION_HEADER = "Docker-Distribution-Api-Version";

    public static final String VERSION = "registry/2.0";

    /** Far longer than all password checks that may be queued take. */
    private static final Duration AUTHENTICATION_TIMEOUT = Duration.ofMinutes(5);

    private static final CompletableFuture<Boolean> ANONYMOUS = CompletableFuture.completedFuture(true);
    private static final Answer PING = Answer.ok("application/json", "{}".getBytes(StandardCharsets.US_ASCII));

    private final RegistryContext context;
    private final ErrorAnswers errors;
    private final ManifestHandler manifests;
    private final BlobHandler blobs;
    private final ListHandler lists;
    private final AnswerCounter counter;

    public DistributionApi(RegistryContext context, ErrorAnswers errors) {
        this.context = context;
        this.errors = errors;
        this.manifests = new ManifestHandler(context);
        this.blobs = new BlobHandler(context, errors);
        this.lists = new ListHandler(context);
        this.counter = new AnswerCounter(context.metrics(), errors);
    }

    /** Answers a request of the kind {@code MANIFEST}. */
    public CompletionStage<Answer> manifest(RequestHead head) {
        return answer(Kind.MANIFEST, head, manifests, ManifestRequest::parse);
    }

    /** Answers a request of the kind {@code BLOB}. */
    public CompletionStage<Answer> blob(RequestHead head) {
        return answer(Kind.BLOB, head, blobs, BlobRequest::parse);
    }

    /** Answers a request of the kind {@code TAGS}. */
    public CompletionStage<Answer> tags(RequestHead head) {
        return answer(Kind.TAGS, head, lists::tags, TagsRequest::parse);
    }

    /** Answers a request of the kind {@code REFERRERS}. */
    public CompletionStage<Answer> referrers(RequestHead head) {
        return answer(Kind.REFERRERS, head, lists::referrers, ReferrersRequest::parse);
    }

    /** Answers a request of the kind {@code PING}, and refuses one of the kind {@code UNKNOWN}. */
    public CompletionStage<Answer> ping(RequestHead head) {
        return answer(ApiRequest.Kind.of(head.path()).metric(), head, DistributionApi::ping, PingRequest::parse);
    }

    /**
     * Returns the answer to a request for content that the cache has and may give without asking an upstream; otherwise
     * empty, and the caller passes the request to the method of its kind. Starts no work, except that of a password
     * that has to be hashed, which the next call joins. An answer is counted; a refusal is not, because the method of
     * the kind counts it.
     *
     * @throws RegistryException if the request is refused; the caller passes the request to the method of its kind
     */
    public Optional<Answer> hit(RequestHead head) {
        if (!isRead(head) || !isAuthenticatedAlready(head)) {
            return Optional.empty();
        }
        setUser(head);
        return switch (ApiRequest.Kind.of(head.path())) {
            case MANIFEST ->
                countedHit(Kind.MANIFEST, head, manifests, ManifestRequest.parse(head, context.registryNames()));
            case BLOB -> countedHit(Kind.BLOB, head, blobs, BlobRequest.parse(head, context.registryNames()));
            case PING -> {
                counter.count(Kind.BASE, head, PING);
                yield Optional.of(PING);
            }
            default -> Optional.empty();
        };
    }

    private <R extends ApiRequest> Optional<Answer> countedHit(
            Kind kind, RequestHead head, ApiHandler<R> handler, R request) {
        Optional<Answer> hit = hit(kind, head, handler, request, System.nanoTime());
        if (hit.isPresent()) {
            counter.count(kind, head, hit.get());
        }
        return hit;
    }

    private <R extends ApiRequest> Optional<Answer> hit(
            Kind kind, RequestHead head, ApiHandler<R> handler, R request, long start) {
        Optional<Answer> hit = handler.hit(head, request);
        if (hit.isPresent() && request.repository() != null) {
            counter.countContent(kind, request.repository().registry(), head, hit.get(), start);
        }
        return hit;
    }

    private static CompletionStage<Answer> ping(RequestHead head, PingRequest ping) {
        return CompletableFuture.completedStage(PING);
    }

    private boolean isAuthenticatedAlready(RequestHead head) {
        CompletableFuture<Boolean> authenticated = authenticated(head);
        return authenticated.isDone() && !authenticated.isCompletedExceptionally() && authenticated.join();
    }

    private CompletableFuture<Boolean> authenticated(RequestHead head) {
        ClientAccess access = context.clientAccess();
        return access.allowsAnonymous()
                ? ANONYMOUS
                : access.authenticate(head.headers().authorization()).toCompletableFuture();
    }

    private <R extends ApiRequest> CompletionStage<Answer> answer(
            Kind kind, RequestHead head, ApiHandler<R> handler, BiFunction<RequestHead, RegistryNames, R> parser) {
        try {
            return counter.count(kind, head, uncounted(kind, head, handler, parser));
        } catch (RuntimeException e) {
            throw counter.count(kind, head, e);
        }
    }

    private <R extends ApiRequest> CompletionStage<Answer> uncounted(
            Kind kind, RequestHead head, ApiHandler<R> handler, BiFunction<RequestHead, RegistryNames, R> parser) {
        long start = System.nanoTime();
        CompletableFuture<Boolean> authenticated = authenticated(head);
        if (authenticated.isDone()) {
            return authenticated.join() ? allowed(kind, head, handler, parser, start) : refused(head);
        }
        // Not on the threads that hash passwords, which must stay free for the next ones.
        return Deadline.limit(authenticated, AUTHENTICATION_TIMEOUT, late -> {})
                .thenComposeAsync(
                        isRight -> isRight ? allowed(kind, head, handler, parser, start) : refused(head),
                        context.bodyExecutor());
    }

    private <R extends ApiRequest> CompletionStage<Answer> allowed(
            Kind kind,
            RequestHead head,
            ApiHandler<R> handler,
            BiFunction<RequestHead, RegistryNames, R> parser,
            long start) {
        setUser(head);
        if (!isRead(head)) {
            throw new RegistryException(
                    ErrorCode.UNSUPPORTED,
                    "this registry is pull-only: it answers GET and HEAD, and fetches missing content from upstreams");
        }
        R request = parser.apply(head, context.registryNames());
        Optional<Answer> hit = hit(kind, head, handler, request, start);
        return hit.isPresent()
                ? CompletableFuture.completedStage(hit.get())
                : missed(kind, head, handler, request, start);
    }

    private <R extends ApiRequest> CompletionStage<Answer> missed(
            Kind kind, RequestHead head, ApiHandler<R> handler, R request, long start) {
        CompletionStage<Answer> answer = Deadline.limit(
                Futures.captureFailure(
                        () -> context.forRequest(head.headers().via(), () -> handler.answer(head, request))),
                context.config().timeouts().answer(),
                Answer::close);
        Repository repository = request.repository();
        return repository == null
                ? answer
                : answer.whenComplete((ready, failure) -> {
                    if (failure == null) {
                        counter.countContent(kind, repository.registry(), head, ready, start);
                    } else {
                        counter.countContent(kind, repository.registry(), failure, start);
                    }
                });
    }

    private static boolean isRead(RequestHead head) {
        return head.method().equals("GET") || head.isHead();
    }

    private void setUser(RequestHead head) {
        if (!context.clientAccess().allowsAnonymous()) {
            ClientAccess.presentedUser(head.headers().authorization()).ifPresent(head.log()::setUser);
        }
    }

    private CompletionStage<Answer> refused(RequestHead head) {
        Optional<String> user = ClientAccess.presentedUser(head.headers().authorization());
        String why = user.isPresent()
                ? "this registry does not accept this password or token; log in with a valid one"
                : "this registry requires its clients to log in";
        RegistryException error = new RegistryException(ErrorCode.UNAUTHORIZED, why);
        head.log().setFailure(error);
        head.log()
                .setReason(user.map(name -> name.equals(ClientAccess.TOKEN)
                                ? "the token is wrong"
                                : "the password of \"" + name + "\" is wrong, or there is no such user")
                        .orElse("the client sent no credentials"));
        return CompletableFuture.completedStage(
                errors.of(error).with("WWW-Authenticate", context.clientAccess().challenge()));
    }
}
