package io.ociregistry.faults;

import io.ociregistry.testing.Fault;

/**
 * Failures of an upstream: the rows of the matrix. A failure lasts until the test heals the upstream, unless its text
 * says otherwise.
 */
@SuppressWarnings("ImmutableEnumChecker") // the steps have no state
enum Trouble {
    DNS("its name cannot be resolved", Scene::loseName),
    DNS_SILENT("no name server answers", Scene::silenceNameServers),
    REFUSED("it refuses connections", scene -> scene.everywhere(new Fault.RefuseConnection())),
    BLACKHOLE("it does not answer connection attempts", scene -> scene.everywhere(new Fault.Blackhole())),
    TLS("its certificate is from an untrusted authority", scene -> scene.everywhere(scene.wrongCertificate())),
    NO_ANSWER("it accepts the request and never answers", scene -> scene.always(new Fault.NoAnswer())),
    SILENT(
            "it accepts connections and never answers requests or probes",
            scene -> scene.everywhere(new Fault.NoAnswer())),
    RESET(
            "it resets the connection in mid-body",
            scene -> scene.always(Fault.resetAfter(scene.amid(Scene.FIRST_PART)))),
    STALL("it stops sending in mid-body", scene -> scene.always(Fault.stallAfter(scene.amid(180_000)))),
    TRICKLE("it sends the body slowly, but completely", scene -> scene.always(scene.slowly())),
    STATUS_401("it answers 401", scene -> scene.always(Fault.status(401).header("WWW-Authenticate", "Basic"))),
    STATUS_403("it answers 403", scene -> scene.always(Fault.status(403))),
    STATUS_404("it answers 404", scene -> scene.always(Fault.status(404))),
    STATUS_429("it answers 429", scene -> scene.always(Fault.status(429).header("Retry-After", "1"))),
    STATUS_500("it answers 500", scene -> scene.always(Fault.status(500))),
    STATUS_503("it answers 503", scene -> scene.always(Fault.status(503))),
    HTML("it answers 200 with an HTML page", scene -> scene.always(new Fault.Html())),
    EMPTY("it answers 200 with an empty body", scene -> scene.always(new Fault.Empty200())),
    WRONG_DIGEST("the last byte of the body is wrong", scene -> scene.always(new Fault.Corrupt())),
    WRONG_DIGEST_HEADER(
            "`Docker-Content-Digest` is wrong, the body is right",
            scene -> scene.always(new Fault.WrongDigestHeader())),
    SHORT(
            "it closes the connection in mid-body without an error",
            scene -> scene.always(new Fault.ShortBody(scene.amid(180_000)))),
    MORE("it sends more bytes than `Content-Length`", scene -> scene.always(new Fault.LongBody(1000))),
    LONG("the body is too long, and `Content-Length` matches it", scene -> scene.always(new Fault.Padded(1000))),
    NO_LENGTH("it sends no `Content-Length`", scene -> scene.always(new Fault.NoContentLength())),
    GZIP("the body is gzip-encoded, without a request for it", scene -> scene.always(new Fault.Gzip())),
    REDIRECT_LOOP("it redirects to itself", scene -> scene.always(11, new Fault.RedirectLoop())),
    REDIRECT(
            "it requires a token, and redirects to a storage that rejects `Authorization`",
            scene -> scene.upstream().requireAnonymousBearer(),
            scene -> scene.always(new Fault.RedirectToServer(scene.storage().url()))),
    TOKEN_EXPIRED(
            "the token that it issued has expired",
            "the storage behind its redirect resets the connection in mid-body, and then the token has expired",
            scene -> {
                scene.upstream().requireAnonymousBearer();
                scene.pullAnother();
            },
            Trouble::expireToken),
    RANGE_IGNORED(
            "it ignores `Range`",
            "it resets the connection in mid-body, and then ignores `Range`",
            scene -> {},
            Trouble::ignoreRange),
    CONTENT_CHANGED(
            "it sends different content than requested",
            "it resets the connection in mid-body, and then sends different content once",
            scene -> {},
            Trouble::changeContent);

    private final String words;
    private final String wordsForBlobs;
    private final Step before;
    private final Step start;

    /** Changes the upstream or the network of a scene. */
    interface Step {
        void on(Scene scene) throws Exception;
    }

    Trouble(String words, Step start) {
        this(words, scene -> {}, start);
    }

    Trouble(String words, Step before, Step start) {
        this(words, words, before, start);
    }

    Trouble(String words, String wordsForBlobs, Step before, Step start) {
        this.words = words;
        this.wordsForBlobs = wordsForBlobs;
        this.before = before;
        this.start = start;
    }

    /** Returns the text of the failure for this kind of request. */
    String words(RequestTarget target, State state) {
        return target.isBlob() && state != State.AMID ? wordsForBlobs : words;
    }

    /** Prepares the upstream before the failure starts. */
    void before(Scene scene) throws Exception {
        before.on(scene);
    }

    void start(Scene scene) throws Exception {
        start.on(scene);
    }

    private static void expireToken(Scene scene) {
        if (scene.hasToBreakOff()) {
            scene.storage().on(scene.content()).once(Fault.resetAfter(Scene.FIRST_PART));
            scene.upstream().on(scene.content().ranged()).once(new Fault.ExpiredToken());
        } else {
            scene.upstream().on(scene.content()).once(new Fault.ExpiredToken());
        }
    }

    private static void ignoreRange(Scene scene) {
        if (scene.hasToBreakOff()) {
            scene.cutOnce();
        }
        scene.always(new Fault.IgnoreRange());
    }

    private static void changeContent(Scene scene) {
        if (scene.hasToBreakOff()) {
            scene.cutOnce();
            scene.upstream().on(scene.content()).once(new Fault.ContentChanged());
        } else {
            scene.always(new Fault.ContentChanged());
        }
    }
}
