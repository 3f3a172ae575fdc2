package io.ociregistry.upstream.credentials;

import io.ociregistry.common.Daemons;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Runs another program to its end, or kills it, with its children, when its time is over. It may say 64 KiB. */
final class BoundedProcess {
    private static final int LIMIT = 64 << 10;
    private static final Duration GRACE = Duration.ofSeconds(2);

    /** What it said, and with what status it ended. */
    record Result(int status, String out, String error) {}

    private BoundedProcess() {}

    /**
     * Runs it.
     *
     * @param what what it is run for; failures begin with that
     * @throws RegistryException {@link ErrorCode#UPSTREAM_UNREACHABLE} if it can't be run, takes too long or says too much
     */
    static Result run(String what, ProcessBuilder builder, String input, Duration limit) {
        Process process = start(what, builder);
        try {
            CompletableFuture<byte[]> out = reading(process.getInputStream());
            CompletableFuture<byte[]> error = reading(process.getErrorStream());
            tell(process.getOutputStream(), input);
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                throw failed(what + " did not end within " + limit.toSeconds() + " s and was killed");
            }
            // A child of it that lives on may hold them open.
            byte[] said = out.get(GRACE.toMillis(), TimeUnit.MILLISECONDS);
            byte[] complaint = error.completeOnTimeout(new byte[0], GRACE.toMillis(), TimeUnit.MILLISECONDS)
                    .get();
            if (said.length > LIMIT) {
                throw failed(what + " said more than " + LIMIT + " bytes");
            }
            return new Result(process.exitValue(), text(said), text(complaint));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RegistryException(ErrorCode.OVERLOADED, what + ": this server is stopping");
        } catch (ExecutionException | TimeoutException e) {
            throw failed(what + " can't be read from: " + e.getClass().getSimpleName());
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private static Process start(String what, ProcessBuilder builder) {
        try {
            return builder.start();
        } catch (IOException e) {
            throw failed(what + " can't be run: " + e.getMessage());
        }
    }

    private static void tell(OutputStream in, String input) {
        try (in) {
            in.write(input.getBytes(StandardCharsets.UTF_8));
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
                work -> Daemons.named("credential-helper").newThread(work).start());
    }

    private static String text(byte[] said) {
        return new String(said, StandardCharsets.UTF_8);
    }

    private static RegistryException failed(String message) {
        return new RegistryException(ErrorCode.UPSTREAM_UNREACHABLE, message);
    }
}
