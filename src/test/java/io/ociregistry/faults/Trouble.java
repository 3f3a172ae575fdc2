package io.ociregistry.faults;

import io.ociregistry.testing.Fault;

/** What is wrong with an upstream: the rows of the matrix. It lasts until the upstream is healed, unless its words say otherwise. */
@SuppressWarnings("ImmutableEnumChecker") // the steps hold nothing
enum Trouble {
    DNS("its name can't be resolved", Scene::loseName),
    REFUSED("it refuses connections", scene -> scene.everywhere(new Fault.RefuseConnection())),
    BLACKHOLE("nothing comes back from it, not even a refusal", scene -> scene.everywhere(new Fault.Blackhole())),
    TLS("its certificate is of an authority that nobody trusts", scene -> scene.everywhere(scene.wrongCertificate())),
    NO_ANSWER("it takes the request and never answers", scene -> scene.always(new Fault.NoAnswer())),
    RESET("the connection is reset amid the body", scene -> scene.always(Fault.resetAfter(scene.amid(90_000)))),
    STALL("nothing comes any more amid the body", scene -> scene.always(Fault.stallAfter(scene.amid(180_000)))),
    TRICKLE("the body comes slowly, but it comes", scene -> scene.always(scene.slowly())),
    STATUS_401("it answers 401", scene -> scene.always(Fault.status(401).header("WWW-Authenticate", "Basic"))),
    STATUS_403("it answers 403", scene -> scene.always(Fault.status(403))),
    STATUS_404("it answers 404", scene -> scene.always(Fault.status(404))),
    STATUS_429("it answers 429", scene -> scene.always(Fault.status(429).header("Retry-After", "1"))),
    STATUS_500("it answers 500", scene -> scene.always(Fault.status(500))),
    STATUS_503("it answers 503", scene -> scene.always(Fault.status(503))),
    HTML("it answers 200 with a page of HTML", scene -> scene.always(new Fault.Html())),
    EMPTY("it answers 200 with an empty body", scene -> scene.always(new Fault.Empty200())),
    WRONG_DIGEST("the last byte of the body is wrong", scene -> scene.always(new Fault.Corrupt())),
    WRONG_DIGEST_HEADER(
            "`Docker-Content-Digest` is wrong, the body is right",
            scene -> scene.always(new Fault.WrongDigestHeader())),
    SHORT("the connection is closed amid the body", scene -> scene.always(new Fault.ShortBody(scene.amid(180_000)))),
    MORE("more comes than `Content-Length` says", scene -> scene.always(new Fault.LongBody(1000))),
    LONG("the body is too long, and `Content-Length` says so", scene -> scene.always(new Fault.Padded(1000))),
    NO_LENGTH("no `Content-Length` is given", scene -> scene.always(new Fault.NoContentLength())),
    GZIP("the body is encoded with gzip, which nobody asked for", scene -> scene.always(new Fault.Gzip())),
    REDIRECT_LOOP("it redirects to itself", scene -> scene.always(new Fault.RedirectLoop())),
    REDIRECT(
            "it wants a token, and redirects to a storage that refuses `Authorization`",
            scene -> scene.upstream().requireAnonymousBearer(),
            scene -> scene.always(new Fault.RedirectToServer(scene.storage().url()))),
    TOKEN_EXPIRED(
            "the token has expired; of a blob amid the body, with the storage that it was redirected to breaking off",
            scene -> scene.upstream().requireAnonymousBearer(),
            Trouble::expireToken),
    RANGE_IGNORED("it ignores `Range`, once the connection was reset amid a blob", scene -> {
        scene.cutBlobOnce();
        scene.always(new Fault.IgnoreRange());
    }),
    CONTENT_CHANGED("it sends other bytes; of a blob once the connection was reset amid it", Trouble::changeContent);

    private final String words;
    private final Step before;
    private final Step begin;

    /** A step of a scene. */
    interface Step {
        void on(Scene scene) throws Exception;
    }

    Trouble(String words, Step begin) {
        this(words, scene -> {}, begin);
    }

    Trouble(String words, Step before, Step begin) {
        this.words = words;
        this.before = before;
        this.begin = begin;
    }

    /** What is so already while the upstream is well. */
    void before(Scene scene) throws Exception {
        before.on(scene);
    }

    void begin(Scene scene) throws Exception {
        begin.on(scene);
    }

    private static void expireToken(Scene scene) throws Exception {
        if (scene.asked() == Asked.BLOB) {
            scene.storage().on(scene.content()).once(Fault.resetAfter(90_000));
            scene.upstream().on(scene.content().ranged()).once(new Fault.ExpiredToken());
        } else {
            scene.pullAnother();
            scene.upstream().on(scene.content()).once(new Fault.ExpiredToken());
        }
    }

    private static void changeContent(Scene scene) {
        if (scene.asked() == Asked.BLOB) {
            scene.cutBlobOnce();
            scene.upstream().on(scene.content()).once(new Fault.ContentChanged());
        } else {
            scene.always(new Fault.ContentChanged());
        }
    }

    @Override
    public String toString() {
        return words;
    }
}
