package io.ociregistry.faults;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Recorded;
import java.util.List;

/** The content that the client of one cell requests: a separate image at the upstream, or a part of the image. */
abstract class ExpectedAnswer {
    static final int BLOB_SIZE = 300_000;
    private static final String TAG = "1.0";

    final FakeUpstream upstream;
    final String repository;
    /** The first version of the image. */
    final FakeImage image;

    private ExpectedAnswer(FakeUpstream upstream, String repository) {
        this.upstream = upstream;
        this.repository = repository;
        this.image = push(1);
    }

    static ExpectedAnswer of(RequestTarget target, FakeUpstream upstream, String repository) {
        return switch (target) {
            case TAG -> new ByTag(upstream, repository);
            case DIGEST -> new ByDigest(upstream, repository);
            case BLOB -> new Blob(upstream, repository, List.of("manifests/" + TAG));
            case BLOB_ALONE -> new Blob(upstream, repository, List.of());
            case REFERRERS -> new Referrers(upstream, repository);
        };
    }

    /** Returns the path of the request, relative to the repository. */
    abstract String path();

    /** Returns the paths that the client requested before. */
    List<String> before() {
        return List.of();
    }

    /** Changes the upstream: moves the tag or adds a signature. Returns false if the content cannot change. */
    boolean change() {
        return false;
    }

    /** Returns the version before {@link #change}. */
    abstract Version old();

    /** Returns the current version of the upstream. */
    abstract Version now();

    /** Returns the name of a request for content, for the page. */
    abstract String name(Recorded request);

    FakeImage push(int seed) {
        return upstream.image(repository, TAG).seed(seed).layer(BLOB_SIZE).push();
    }

    static Version manifest(FakeImage image) {
        return new Version.Content("img", image.manifest(), image.digest());
    }

    static String named(Recorded request, Digest digest, String name) {
        return request.reference().equals(digest.toString()) ? name : "another " + name;
    }

    private static final class ByTag extends ExpectedAnswer {
        private FakeImage newest;

        ByTag(FakeUpstream upstream, String repository) {
            super(upstream, repository);
            newest = image;
        }

        @Override
        String path() {
            return "manifests/" + TAG;
        }

        @Override
        boolean change() {
            newest = push(2);
            return true;
        }

        @Override
        Version old() {
            return manifest(image);
        }

        @Override
        Version now() {
            return manifest(newest);
        }

        @Override
        String name(Recorded request) {
            return request.reference().equals(TAG) ? "tag" : named(request, newest.digest(), "new digest");
        }
    }

    private static final class ByDigest extends ExpectedAnswer {
        ByDigest(FakeUpstream upstream, String repository) {
            super(upstream, repository);
        }

        @Override
        String path() {
            return "manifests/" + image.digest();
        }

        @Override
        Version old() {
            return manifest(image);
        }

        @Override
        Version now() {
            return manifest(image);
        }

        @Override
        String name(Recorded request) {
            return named(request, image.digest(), "digest");
        }
    }

    private static final class Blob extends ExpectedAnswer {
        private final List<String> before;

        Blob(FakeUpstream upstream, String repository, List<String> before) {
            super(upstream, repository);
            this.before = before;
        }

        @Override
        String path() {
            return "blobs/" + image.layer(0);
        }

        @Override
        List<String> before() {
            return before;
        }

        @Override
        Version old() {
            return now();
        }

        @Override
        Version now() {
            return new Version.Content("blobs", image.layerBytes(0), image.layer(0));
        }

        @Override
        String name(Recorded request) {
            // The server requests a digest that no manifest names as a manifest first.
            boolean isBlob = request.kind() == Recorded.Kind.BLOB;
            return named(request, image.layer(0), isBlob ? "blob" : "manifest by digest");
        }
    }

    private static final class Referrers extends ExpectedAnswer {
        private final Digest first;
        private List<Digest> all;

        Referrers(FakeUpstream upstream, String repository) {
            super(upstream, repository);
            first = sign(1);
            all = List.of(first);
        }

        @Override
        String path() {
            return "referrers/" + image.digest();
        }

        @Override
        List<String> before() {
            return List.of("manifests/" + TAG);
        }

        @Override
        boolean change() {
            all = List.of(first, sign(2));
            return true;
        }

        @Override
        Version old() {
            return new Version.Referrers(repository, List.of(first));
        }

        @Override
        Version now() {
            return new Version.Referrers(repository, all);
        }

        @Override
        String name(Recorded request) {
            boolean isFallback =
                    request.reference().equals("sha256-" + image.digest().hex());
            return isFallback ? "fallback tag" : named(request, image.digest(), "referrers");
        }

        private Digest sign(int seed) {
            return upstream.image(repository)
                    .seed(seed)
                    .layer(10)
                    .subject(image, "application/vnd.example.signature")
                    .push()
                    .digest();
        }
    }
}
