package io.ociregistry.config;

import static io.ociregistry.config.RegistryKeys.requireCertAndKey;
import static io.ociregistry.config.yaml.Key.optional;

import io.ociregistry.common.Secret;
import io.ociregistry.config.model.AdminConfig;
import io.ociregistry.config.model.CacheConfig;
import io.ociregistry.config.model.ClientAuth;
import io.ociregistry.config.model.ListConfig;
import io.ociregistry.config.model.PruneConfig;
import io.ociregistry.config.model.ServerTlsConfig;
import io.ociregistry.config.model.Timeouts;
import io.ociregistry.config.yaml.Key;
import io.ociregistry.config.yaml.ListOf;
import io.ociregistry.config.yaml.ObjectType;
import io.ociregistry.config.yaml.Scalar;
import io.ociregistry.config.yaml.Values;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The keys of the sections other than {@code registries}. */
final class SectionKeys {
    static final Key<Boolean> ENABLED = new Key<>("enabled", Scalar.BOOLEAN, false, "prune while serving");
    static final Key<Duration> DURATION = new Key<>(
            "duration",
            Scalar.DURATION,
            PruneConfig.DEFAULT.duration(),
            "the minimum age of an image, for types created and accessed");
    static final Key<PruneConfig.Type> TYPE = new Key<>(
            "type", Scalar.oneOf(PruneConfig.Type.class), PruneConfig.DEFAULT.type(), "accessed, created or pattern");
    static final Key<Duration> FREQUENCY =
            new Key<>("frequency", Scalar.DURATION, PruneConfig.DEFAULT.frequency(), "the time between two runs");
    static final Key<Integer> COUNT = new Key<>(
            "count",
            Scalar.integer(-1, Integer.MAX_VALUE),
            PruneConfig.DEFAULT.count(),
            "the maximum number of images per run; -1 is no limit");
    static final Key<Optional<String>> PRUNE_EXPR =
            optional("expr", Scalar.EXPRESSIONS, "the patterns, for type pattern");
    static final Key<Boolean> DRY_RUN = new Key<>("dryRun", Scalar.BOOLEAN, false, "only log what would be pruned");
    static final Key<Boolean> DRYRUN = new Key<>("dryrun", Scalar.BOOLEAN, false, "the Go program's name of dryRun");
    static final ObjectType<PruneConfig> PRUNE_TYPE = new ObjectType<>(
            List.of(ENABLED, DURATION, TYPE, FREQUENCY, COUNT, PRUNE_EXPR, DRY_RUN, DRYRUN), SectionKeys::prune);

    static final Key<Boolean> HEADER = new Key<>("header", Scalar.BOOLEAN, false, "print a header line");
    static final Key<Optional<String>> LIST_EXPR = optional("expr", Scalar.TEXT, "list only images whose names match");
    static final Key<Boolean> SHORT_DIGEST =
            new Key<>("shortDigest", Scalar.BOOLEAN, false, "print the first ten characters of a digest");
    static final ObjectType<ListConfig> LIST_TYPE = new ObjectType<>(
            List.of(HEADER, LIST_EXPR, SHORT_DIGEST),
            (values, reporter) -> new ListConfig(values.get(HEADER), values.get(LIST_EXPR), values.get(SHORT_DIGEST)));

    static final Key<Optional<Path>> CERT =
            optional("cert", Scalar.PATH, "PEM file of this server's certificate; needs key");
    static final Key<Optional<Path>> KEY = optional("key", Scalar.PATH, "PEM file of the key of cert");
    static final Key<Optional<Path>> CA =
            optional("ca", Scalar.PATH, "PEM file of the CA certificates that verify clients");
    static final Key<ClientAuth> CLIENT_AUTH =
            new Key<>("clientAuth", Scalar.oneOf(ClientAuth.class), ClientAuth.NONE, "none or verify");
    static final ObjectType<ServerTlsConfig> SERVER_TLS_TYPE = new ObjectType<>(
            List.of(CERT, KEY, RegistryKeys.KEY_PASSWORD, RegistryKeys.KEY_PASSWORD_FROM_ENV, CA, CLIENT_AUTH),
            SectionKeys::serverTls);

    static final Scalar<Duration> DEADLINE = Scalar.DURATION.checked(
            duration -> duration.isZero() ? Optional.of("is too short; write for example 10s") : Optional.empty());
    static final Key<Duration> ANSWER =
            new Key<>("answer", DEADLINE, Timeouts.DEFAULT.answer(), "the deadline for the first byte of an answer");
    static final Key<Duration> CONNECT = new Key<>(
            "connect",
            DEADLINE,
            Timeouts.DEFAULT.connect(),
            "the deadline for connecting to an upstream, over all its addresses");
    static final Key<Duration> STALL = new Key<>(
            "stall", DEADLINE, Timeouts.DEFAULT.stall(), "the time after which a transfer without progress is aborted");
    static final ObjectType<Timeouts> TIMEOUTS_TYPE = new ObjectType<>(
            List.of(ANSWER, CONNECT, STALL),
            (values, reporter) -> new Timeouts(values.get(ANSWER), values.get(CONNECT), values.get(STALL)));

    static final Key<Duration> NEGATIVE_TTL = new Key<>(
            "negativeTtl",
            Scalar.DURATION,
            CacheConfig.DEFAULT.negativeTtl(),
            "how long the 404 of an upstream is cached");
    static final Key<Optional<Long>> MAX_SIZE = optional(
            "maxSize",
            Scalar.size(1, Long.MAX_VALUE),
            "the maximum size of the cache; a blob that does not fit is sent without being stored");
    static final Key<Integer> HIGH_WATER = new Key<>(
            "highWater",
            Scalar.PER_CENT,
            CacheConfig.DEFAULT.highWater(),
            "the percentage of maxSize at which the eviction of the least recently pulled images starts");
    static final Key<Integer> LOW_WATER = new Key<>(
            "lowWater",
            Scalar.PER_CENT,
            CacheConfig.DEFAULT.lowWater(),
            "the percentage of maxSize at which eviction stops");
    static final Key<List<String>> PINS = new Key<>(
            "pins", new ListOf<>(Scalar.EXPRESSION), CacheConfig.DEFAULT.pins(), "images that are never pruned (RE2)");
    static final Key<Long> SCRUB_RATE = new Key<>(
            "scrubRate",
            Scalar.size(0, Long.MAX_VALUE),
            CacheConfig.DEFAULT.scrubRate(),
            "the bytes per second that the daily scrub reads to find and repair corrupt files; 0 is off");
    static final ObjectType<CacheConfig> CACHE_TYPE = new ObjectType<>(
            List.of(NEGATIVE_TTL, MAX_SIZE, HIGH_WATER, LOW_WATER, PINS, SCRUB_RATE), SectionKeys::cache);

    private static final int MIN_TOKEN_LENGTH = 16;
    static final Key<Boolean> ADMIN_ENABLED =
            new Key<>("enabled", Scalar.BOOLEAN, AdminConfig.DEFAULT.enabled(), "whether the server has an admin API");
    static final Key<Optional<Secret>> TOKEN =
            optional("token", Scalar.SECRET, "the token that requests to the admin API must send");
    static final Key<Optional<Path>> TOKEN_FILE =
            optional("tokenFile", Scalar.PATH, "a file whose first line is such a token; read again when it changes");
    static final Key<Boolean> TRUST_LOOPBACK = new Key<>(
            "trustLoopback",
            Scalar.BOOLEAN,
            AdminConfig.DEFAULT.trustLoopback(),
            "whether requests from this machine need no token; unsafe behind a reverse proxy on this machine");
    static final Key<String> ADMIN_HOST =
            new Key<>("host", Scalar.TEXT, AdminConfig.DEFAULT.host(), "the address of port");
    static final Key<Integer> ADMIN_PORT = new Key<>(
            "port",
            Scalar.PORT,
            AdminConfig.DEFAULT.port(),
            "a separate port for the admin API; 0 is the server's" + " port");
    static final ObjectType<AdminConfig> ADMIN_TYPE = new ObjectType<>(
            List.of(ADMIN_ENABLED, TOKEN, TOKEN_FILE, TRUST_LOOPBACK, ADMIN_HOST, ADMIN_PORT), SectionKeys::admin);

    static final Scalar<Integer> RATE_LIMIT_TYPE = Scalar.integer(0, 999)
            .checked(status -> status == 429 || status == 503 ? Optional.empty() : Optional.of("must be 429 or 503"));

    private SectionKeys() {}

    private static CacheConfig cache(Values values, ObjectType.ProblemReporter reporter) {
        if (values.get(LOW_WATER) >= values.get(HIGH_WATER)) {
            reporter.report(
                    LOW_WATER,
                    "is " + values.get(LOW_WATER) + "%, but must be below highWater, " + values.get(HIGH_WATER) + "%");
        }
        return new CacheConfig(
                values.get(NEGATIVE_TTL),
                values.get(MAX_SIZE),
                values.get(HIGH_WATER),
                values.get(LOW_WATER),
                values.get(PINS),
                values.get(SCRUB_RATE));
    }

    private static PruneConfig prune(Values values, ObjectType.ProblemReporter reporter) {
        if (values.get(TYPE) == PruneConfig.Type.PATTERN
                && values.get(PRUNE_EXPR).isEmpty()) {
            reporter.report(PRUNE_EXPR, "is missing; type pattern needs it");
        }
        if (values.has(DRY_RUN) && values.has(DRYRUN)) {
            reporter.report(DRYRUN, "is another name of dryRun, which is also set; remove it");
        }
        return new PruneConfig(
                values.get(ENABLED),
                values.get(DURATION),
                values.get(TYPE),
                values.get(FREQUENCY),
                values.get(COUNT),
                values.get(PRUNE_EXPR),
                values.get(DRY_RUN) || values.get(DRYRUN));
    }

    private static AdminConfig admin(Values values, ObjectType.ProblemReporter reporter) {
        // Checked here and not by Scalar.checked(), whose message quotes the value.
        if (values.get(TOKEN)
                .filter(token -> token.reveal().length() < MIN_TOKEN_LENGTH)
                .isPresent()) {
            reporter.report(TOKEN, "is too short; write at least " + MIN_TOKEN_LENGTH + " characters");
        }
        return new AdminConfig(
                values.get(ADMIN_ENABLED),
                values.get(TOKEN),
                values.get(TOKEN_FILE),
                values.get(TRUST_LOOPBACK),
                values.get(ADMIN_HOST),
                values.get(ADMIN_PORT));
    }

    private static ServerTlsConfig serverTls(Values values, ObjectType.ProblemReporter reporter) {
        requireCertAndKey(CERT, KEY, reporter);
        boolean verifies = values.get(CLIENT_AUTH) == ClientAuth.VERIFY;
        if (verifies && !reporter.hasValue(CERT)) {
            reporter.report(CLIENT_AUTH, "needs TLS to verify clients; add cert and key");
        }
        if (!verifies && reporter.hasValue(CA)) {
            reporter.warn(CA, "has no effect while clientAuth is none; write clientAuth: verify to verify clients");
        }
        return new ServerTlsConfig(
                values.get(CERT),
                values.get(KEY),
                RegistryKeys.keyPassword(KEY, values, reporter),
                values.get(CA),
                values.get(CLIENT_AUTH));
    }
}
