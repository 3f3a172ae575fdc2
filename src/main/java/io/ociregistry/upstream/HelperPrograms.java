package io.ociregistry.upstream;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.config.AuthConfig;
import io.ociregistry.config.Secret;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The programs {@code docker-credential-NAME} on the {@code PATH} (docker-credential-helpers): {@code get} reads a server from the standard
 * input and writes JSON with {@code Username} and {@code Secret}.
 *
 * <p>No shell is involved. A program that takes longer than the limit is killed, and of one that says more than 64 KiB nothing is believed.
 * Messages hold why it failed as it said, cut to a line, without anything that may be a secret.
 *
 * @param environment what programs inherit; its {@code PATH} is where they are looked for
 */
record HelperPrograms(Map<String, String> environment, Duration limit) {
    static final HelperPrograms SYSTEM = new HelperPrograms(System.getenv(), Duration.ofSeconds(30));

    private static final ObjectMapper JSON = JsonMapper.builder().build();
    private static final int LIMIT = 64 << 10;
    private static final Duration GRACE = Duration.ofSeconds(2);
    private static final int LINE = 300;
    /** Its message for what docker-credential-helpers calls ErrCredentialsNotFound; other implementations end it in other ways. */
    private static final String NOT_FOUND = "credentials not found";
    /** As docker marks a secret that is no password. */
    private static final String IDENTITY_TOKEN = "<token>";

    private record Said(int status, String out, String error) {}

    /**
     * What the program knows of a server; empty if nothing.
     *
     * @throws RegistryException {@link ErrorCode#UPSTREAM_UNREACHABLE} if it is not there or fails
     */
    Optional<Credentials> ask(AuthConfig.Helper helper, String server) {
        String program = "docker-credential-" + helper.name();
        Path path = find(program)
                .orElseThrow(() -> failed(
                        program + ", which knows the credentials for " + server
                                + ", is not on the PATH; install it there",
                        null));
        String what = program + " get for " + server;
        ProcessBuilder builder = new ProcessBuilder(path.toString(), "get");
        builder.environment().clear();
        builder.environment().putAll(environment);
        builder.environment().putAll(helper.environment());
        Said said = run(what, builder, server);
        if (said.status != 0) {
            if (said.out.contains(NOT_FOUND)) {
                return Optional.empty();
            }
            throw failed(what + " failed with status " + said.status + ": " + reason(said.error, said.out), null);
        }
        return credentials(what, said.out, said.error);
    }

    /** Without the environment, which may hold passwords. */
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

    private Said run(String what, ProcessBuilder builder, String server) {
        Process process = start(what, builder);
        try {
            CompletableFuture<byte[]> out = reading(process.getInputStream());
            CompletableFuture<byte[]> error = reading(process.getErrorStream());
            tell(process.getOutputStream(), server);
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                throw failed(what + " did not end within " + limit.toSeconds() + " s and was killed", null);
            }
            // A child of it that lives on may hold them open.
            byte[] said = out.get(GRACE.toMillis(), TimeUnit.MILLISECONDS);
            byte[] complaint = error.completeOnTimeout(new byte[0], GRACE.toMillis(), TimeUnit.MILLISECONDS)
                    .get();
            if (said.length > LIMIT) {
                throw failed(what + " said more than " + LIMIT + " bytes", null);
            }
            return new Said(
                    process.exitValue(),
                    new String(said, StandardCharsets.UTF_8),
                    new String(complaint, StandardCharsets.UTF_8));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RegistryException(ErrorCode.OVERLOADED, what + ": this server is stopping");
        } catch (ExecutionException | TimeoutException e) {
            throw failed(what + " can't be read from", e);
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private static Process start(String what, ProcessBuilder builder) {
        try {
            return builder.start();
        } catch (IOException e) {
            throw failed(what + " can't be run: " + e.getMessage(), e);
        }
    }

    private static void tell(OutputStream in, String server) {
        try (in) {
            in.write((server + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException notRead) {
            // It may not want to know.
        }
    }

    /** Reads one byte more than the limit at most, and then closes it. */
    private static CompletableFuture<byte[]> reading(InputStream from) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try (from) {
                        return from.readNBytes(LIMIT + 1);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                work -> {
                    Thread thread = new Thread(work, "credential-helper");
                    thread.setDaemon(true);
                    thread.start();
                });
    }

    private static Optional<Credentials> credentials(String what, String out, String error) {
        JsonNode json;
        try {
            json = JSON.readTree(out);
        } catch (JsonProcessingException e) {
            // Its message quotes what was said.
            throw failed(what + " said no JSON: " + reason(error, "{" + out), null);
        }
        String user = json.path("Username").asText("");
        String secret = json.path("Secret").asText("");
        if (secret.isEmpty() && user.isEmpty() && json.isObject()) {
            return Optional.empty();
        }
        if (secret.isEmpty()) {
            throw failed(what + " said no Secret: " + reason(error, "{" + out), null);
        }
        return Optional.of(
                user.equals(IDENTITY_TOKEN)
                        ? new Credentials.IdentityToken("", new Secret(secret))
                        : new Credentials.Account(user, new Secret(secret)));
    }

    /** What it gave as its reason: on the standard error, or where docker's own helpers do. No secret that it said elsewhere is in it. */
    private static String reason(String error, String out) {
        boolean elsewhere = error.isBlank() && out.indexOf('{') < 0;
        String line = (elsewhere ? out : error).strip().replaceAll("\\p{Cntrl}+", " ");
        if (!elsewhere) {
            for (String word : out.split("[\\s\"':,{}]+", -1)) {
                line = word.length() < 4 ? line : line.replace(word, "***");
            }
        }
        line = line.replaceAll("[A-Za-z0-9+_=-]{24,}", "***");
        return line.isEmpty() ? "it did not say why" : line.substring(0, Math.min(LINE, line.length()));
    }

    private static RegistryException failed(String message, @Nullable Throwable cause) {
        return new RegistryException(ErrorCode.UPSTREAM_UNREACHABLE, message, cause);
    }
}
