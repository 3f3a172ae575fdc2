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

/** Runs another program within a time limit and reads at most 64 KiB of its output. */
final class BoundedProcess {
    private static final int LIMIT = 64 << 10;
    private static final Duration GRACE = Duration.ofSeconds(2);

    record Result(int status, String stdout, String stderr) {}

    private BoundedProcess() {}

    /**
     * Runs a program to its end. Kills it and its children when the time limit is exceeded.
     *
     * @param what the purpose of the program, with which error messages start
     * @throws RegistryException {@link ErrorCode#UPSTREAM_UNREACHABLE} if the program cannot be run, takes too long or
     *     writes too much
     */
    static Result run(String what, ProcessBuilder builder, String input, Duration limit) {
        Process process = start(what, builder);
        try {
            CompletableFuture<byte[]> out = read(process.getInputStream());
            CompletableFuture<byte[]> error = read(process.getErrorStream());
            writeInput(process.getOutputStream(), input);
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                throw failed(what + " did not end within " + limit.toSeconds() + " s and was killed");
            }
            // A child process that still runs may hold the streams open.
            byte[] output = out.get(GRACE.toMillis(), TimeUnit.MILLISECONDS);
            byte[] errorOutput = error.completeOnTimeout(new byte[0], GRACE.toMillis(), TimeUnit.MILLISECONDS)
                    .get();
            if (output.length > LIMIT) {
                throw failed(what + " wrote more than " + LIMIT + " bytes");
            }
            return new Result(process.exitValue(), decode(output), decode(errorOutput));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RegistryException(ErrorCode.OVERLOADED, what + ": this server is stopping");
        } catch (ExecutionException | TimeoutException e) {
            throw failed(
                    "the output of " + what + " can't be read: " + e.getClass().getSimpleName());
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

    private static void writeInput(OutputStream in, String input) {
        try (in) {
            in.write(input.getBytes(StandardCharsets.UTF_8));
        } catch (IOException notRead) {
            // A program need not read its input.
        }
    }

    /** Reads at most one byte more than the limit, and then closes the stream. */
    private static CompletableFuture<byte[]> read(InputStream from) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try (from) {
                        return from.readNBytes(LIMIT + 1);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                work -> Daemons.withName("credential-helper").newThread(work).start());
    }

    private static String decode(byte[] output) {
        return new String(output, StandardCharsets.UTF_8);
    }

    private static RegistryException failed(String message) {
        return new RegistryException(ErrorCode.UPSTREAM_UNREACHABLE, message);
    }
}
