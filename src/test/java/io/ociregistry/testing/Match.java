package io.ociregistry.testing;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.Recorded.Kind;
import java.util.function.Predicate;

/** A condition on requests to a {@link FakeUpstream}. */
public final class Match {
    private final String description;
    private final Predicate<Recorded> predicate;

    private Match(String description, Predicate<Recorded> predicate) {
        this.description = description;
        this.predicate = predicate;
    }

    public static Match anything() {
        return new Match("anything", request -> true);
    }

    /** Matches a manifest by this tag or digest, in any repository. */
    public static Match manifest(String reference) {
        return new Match("manifest " + reference, of(Kind.MANIFEST, reference));
    }

    public static Match manifest(Digest digest) {
        return manifest(digest.toString());
    }

    public static Match manifests() {
        return of(Kind.MANIFEST);
    }

    /** Matches the blob in any repository or in the storage that blobs are redirected to. */
    public static Match blob(Digest digest) {
        return new Match("blob " + digest, of(Kind.BLOB, digest.toString()));
    }

    public static Match blobs() {
        return of(Kind.BLOB);
    }

    public static Match of(Kind kind) {
        return new Match(kind.toString(), request -> request.kind() == kind);
    }

    /** Matches requests below {@code /v2/<repository>/}. */
    public static Match repository(String name) {
        return anything().in(name);
    }

    public Match in(String repository) {
        return and(" in " + repository, request -> request.repository().equals(repository));
    }

    public Match get() {
        return method("GET");
    }

    public Match head() {
        return method("HEAD");
    }

    public Match method(String method) {
        return and(" by " + method, request -> request.method().equals(method));
    }

    /** Restricts the match to requests whose query contains the text. */
    public Match asking(String query) {
        return and(" with " + query, request -> request.query().contains(query));
    }

    /** Restricts the match to range requests. */
    public Match ranged() {
        return and(" with Range", request -> request.headers().has("Range"));
    }

    boolean matches(Recorded request) {
        return predicate.test(request);
    }

    private Match and(String more, Predicate<Recorded> other) {
        return new Match(description + more, predicate.and(other));
    }

    private static Predicate<Recorded> of(Kind kind, String reference) {
        return request -> request.kind() == kind && request.reference().equals(reference);
    }

    @Override
    public String toString() {
        return description;
    }
}
