package io.ociregistry.upstream.credentials;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.common.Secret;
import io.ociregistry.common.UnusableFileException;
import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/**
 * Runs the credential helpers {@code docker-credential-NAME} on the {@code PATH} (docker-credential-helpers):
 * {@code get} reads a server name from the standard input and writes JSON with {@code Username} and {@code Secret}.
 *
 * <p>No shell is involved. Time and output of a helper are limited ({@link BoundedProcess}). Error messages contain one
 * line of the reason that the helper gave, without anything that may be a secret.
 *
 * @param environment the environment that helpers inherit; its {@code PATH} is searched for them
 * @param timeout the time limit of a helper
 */
public record HelperPrograms(Map<String, String> environment, Duration timeout) {
    public static final HelperPrograms SYSTEM = new HelperPrograms(System.getenv(), Duration.ofSeconds(30));

    /** The encoding that Java uses for the environment of other programs. */
    private static final Charset LOCALE = Charset.forName(
            System.getProperty("sun.jnu.encoding", Charset.defaultCharset().name()));

    private static final ObjectMapper JSON = JsonMapper.builder().build();
    private static final int MAX_REASON_LENGTH = 300;
    /**
     * The message of ErrCredentialsNotFound in docker-credential-helpers. Other implementations add different endings
     * to it.
     */
    private static final String NOT_FOUND = "credentials not found";
    /** The user name with which docker marks an identity token. */
    private static final String IDENTITY_TOKEN = "<token>";

    /**
     * Returns the credentials of a helper for a server; empty if it has none.
     *
     * @throws RegistryException {@link ErrorCode#UPSTREAM_UNREACHABLE} if the helper is missing or fails
     */
    Optional<Credentials> get(AuthConfig.Helper helper, String server) {
        String program = program(helper);
        Path path = find(program)
                .orElseThrow(() -> failed(program + ", which gives the credentials for " + server
                        + ", is not on the PATH; install it there"));
        String what = program + " get for " + server;
        ProcessBuilder builder = new ProcessBuilder(path.toString(), "get");
        inherit(builder.environment());
        helper.environment().forEach((name, value) -> {
            if (!LOCALE.newEncoder().canEncode(value)) {
                throw failed(
                        what + " can't be run: the value of " + name + " has letters that the locale of this server, "
                                + LOCALE + ", cannot encode; start the server with LC_ALL=C.UTF-8");
            }
            builder.environment().put(name, value);
        });
        BoundedProcess.Result result = BoundedProcess.run(what, builder, server + "\n", timeout);
        if (result.status() != 0) {
            if (result.stdout().contains(NOT_FOUND)) {
                return Optional.empty();
            }
            throw failed(
                    what + " failed with status " + result.status() + ": " + reason(result.stderr(), result.stdout()));
        }
        return credentials(what, result.stdout(), result.stderr());
    }

    /**
     * Finds the program of a helper.
     *
     * @throws UnusableFileException if it is not on the {@code PATH}
     */
    void check(String key, AuthConfig.Helper helper) {
        if (find(program(helper)).isEmpty()) {
            throw new UnusableFileException(key, Path.of(program(helper)), "it is not on the PATH; install it there");
        }
    }

    private static String program(AuthConfig.Helper helper) {
        return "docker-credential-" + helper.name();
    }

    /**
     * Passes the environment on. Inherited values keep their bytes, because only changed values are put: Java encodes a
     * value that is put by the locale, and loses letters that the locale cannot encode.
     */
    private void inherit(Map<String, String> target) {
        target.keySet().retainAll(environment.keySet());
        environment.forEach((name, value) -> {
            if (!value.equals(target.get(name))) {
                target.put(name, value);
            }
        });
    }

    /** Omits the environment, which may contain passwords. */
    @Override
    public String toString() {
        return "docker-credential-* on " + environment.getOrDefault("PATH", "no PATH");
    }

    private Optional<Path> find(String program) {
        return Arrays.stream(environment.getOrDefault("PATH", "").split(":", -1))
                .filter(directory -> directory.startsWith("/"))
                .map(directory -> Path.of(directory, program))
                .filter(path -> Files.isRegularFile(path) && Files.isExecutable(path))
                .findFirst();
    }

    private static Optional<Credentials> credentials(String what, String out, String error) {
        JsonNode json;
        try {
            json = JSON.readTree(out);
        } catch (JsonProcessingException e) {
            // The message of the exception quotes the output.
            throw failed(what + " wrote no JSON: " + reason(error, "{" + out));
        }
        String user = json.path("Username").asText("");
        String secret = json.path("Secret").asText("");
        if (secret.isEmpty() && user.isEmpty() && json.isObject()) {
            return Optional.empty();
        }
        if (secret.isEmpty()) {
            throw failed(what + " wrote no Secret: " + reason(error, "{" + out));
        }
        return Optional.of(
                user.equals(IDENTITY_TOKEN)
                        ? new Credentials.IdentityToken("", new Secret(secret))
                        : new Credentials.Account(user, new Secret(secret)));
    }

    /**
     * Returns the reason that the helper gave on the standard error, or on the standard output as the helpers of docker
     * do. Secrets of the standard output are masked.
     */
    private static String reason(String error, String out) {
        boolean onStandardOutput = error.isBlank() && out.indexOf('{') < 0;
        String line = (onStandardOutput ? out : error).strip().replaceAll("\\p{Cntrl}+", " ");
        if (!onStandardOutput) {
            for (String word : out.split("[\\s\"':,{}]+", -1)) {
                line = word.length() < 4 ? line : line.replace(word, "***");
            }
        }
        line = line.replaceAll("[A-Za-z0-9+_=-]{24,}", "***");
        return line.isEmpty() ? "it gave no reason" : line.substring(0, Math.min(MAX_REASON_LENGTH, line.length()));
    }

    private static RegistryException failed(String message) {
        return new RegistryException(ErrorCode.UPSTREAM_UNREACHABLE, message);
    }
}
