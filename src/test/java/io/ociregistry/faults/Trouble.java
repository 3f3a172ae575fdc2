package io.ociregistry.faults;

import io.ociregistry.testing.Fault;

/**
 * What is wrong with an upstream: the rows of the matrix. It lasts until the upstream is healed, unless its words say
 * otherwise.
 */
@SuppressWarnings("ImmutableEnumChecker") // the steps hold nothing
enum Trouble {
    DNS("its name can't be resolved", Scene::loseName),
    DNS_SILENT("no name server answers", Scene::silenceNameServers),
    REFUSED("it refuses connections", scene -> scene.everywhere(new Fault.RefuseConnection())),
    BLACKHOLE("nothing comes back from it, not even a refusal", scene -> scene.everywhere(new Fault.Blackhole())),
    TLS("its certificate is of an authority that nobody trusts", scene -> scene.everywhere(scene.wrongCertificate())),
    NO_ANSWER("it takes the request and never answers", scene -> scene.always(new Fault.NoAnswer())),
    SILENT(
            "it takes connections and never answers, neither the request nor a probe",
            scene -> scene.everywhere(new Fault.NoAnswer())),
    RESET(
            "it resets the connection amid the body",
            scene -> scene.always(Fault.resetAfter(scene.amid(Scene.FIRST_PART)))),
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
    SHORT(
            "it closes the connection amid the body, in good order",
            scene -> scene.always(new Fault.ShortBody(scene.amid(180_000)))),
    MORE("more comes than `Content-Length` says", scene -> scene.always(new Fault.LongBody(1000))),
    LONG("the body is too long, and `Content-Length` agrees", scene -> scene.always(new Fault.Padded(1000))),
    NO_LENGTH("no `Content-Length` is given", scene -> scene.always(new Fault.NoContentLength())),
    GZIP("the body is encoded with gzip, which nobody asked for", scene -> scene.always(new Fault.Gzip())),
    REDIRECT_LOOP("it redirects to itself", scene -> scene.always(11, new Fault.RedirectLoop())),
    REDIRECT(
            "it wants a token, and redirects to a storage that refuses `Authorization`",
            scene -> scene.upstream().requireAnonymousBearer(),
            scene -> scene.always(new Fault.RedirectToServer(scene.storage().url()))),
    TOKEN_EXPIRED(
            "the token that it gave has expired",
            "the storage that it redirects to resets the connection amid the body, and then the token has expired",
            scene -> {
                scene.upstream().requireAnonymousBearer();
                scene.pullAnother();
            },
            Trouble::expireToken),
    RANGE_IGNORED(
            "it ignores `Range`",
            "it resets the connection amid the body, and then ignores `Range`",
            scene -> {},
            Trouble::ignoreRange),
    CONTENT_CHANGED(
            "it sends other bytes than it should",
            "it resets the connection amid the body, and then sends other bytes, once",
            scene -> {},
            Trouble::changeContent);

    private final String words;
    private final String wordsForBlobs;
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
        this(words, words, before, begin);
    }

    Trouble(String words, String wordsForBlobs, Step before, Step begin) {
        this.words = words;
        this.wordsForBlobs = wordsForBlobs;
        this.before = before;
        this.begin = begin;
    }

    /** What is wrong, where that is asked for. */
    String words(Asked asked, State state) {
        return asked.isBlob() && state != State.AMID ? wordsForBlobs : words;
    }

    /** What is so already while the upstream is well. */
    void before(Scene scene) throws Exception {
        before.on(scene);
    }

    void begin(Scene scene) throws Exception {
        begin.on(scene);
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
