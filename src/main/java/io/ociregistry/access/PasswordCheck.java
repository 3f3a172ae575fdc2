package io.ociregistry.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.ociregistry.common.BackgroundReload;
import io.ociregistry.common.Daemons;
import io.ociregistry.common.ReloadingFile;
import io.ociregistry.common.SecretFile;
import io.ociregistry.common.SingleFlight;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Checks passwords against an {@code htpasswd} file, and reads the file again when it changes.
 *
 * <p>A right password is cached under a keyed hash until the file changes, so that each password costs bcrypt once (ADR
 * 14). A bounded queue and few threads run bcrypt: clients that guess passwords delay new users, but neither cached
 * users nor other work. Thread-safe. {@link #close} stops the threads.
 */
final class PasswordCheck implements AutoCloseable {
    private static final int MAX_CACHED = 1024;
    private static final int WAITING_PER_THREAD = 16;
    private static final String MAC_ALGORITHM = "HmacSHA256";

    private final byte[] macKey = new byte[32];
    private final ThreadPoolExecutor executor;
    private final BackgroundReload<Users> users;

    /** One version of the file, with its cached passwords and its checks in flight. */
    private record Users(Htpasswd file, Cache<ByteBuffer, Boolean> cached, SingleFlight<ByteBuffer, Boolean> inFlight) {
        static Users parse(byte[] bytes) {
            return new Users(
                    Htpasswd.parse(bytes),
                    Caffeine.newBuilder().maximumSize(MAX_CACHED).build(),
                    new SingleFlight<>());
        }
    }

    private PasswordCheck(int threads, BackgroundReload<Users> users) {
        new SecureRandom().nextBytes(macKey);
        this.users = users;
        this.executor = new ThreadPoolExecutor(
                threads,
                threads,
                10,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(threads * WAITING_PER_THREAD),
                Daemons.withName("passwords"),
                (task, full) -> {
                    throw overloaded();
                });
        executor.allowCoreThreadTimeOut(true);
    }

    /**
     * Reads the file.
     *
     * @param key the configuration key that names the file
     * @param pause the interval of checks for changes
     * @throws io.ociregistry.common.UnusableFileException if the file cannot be used
     */
    static PasswordCheck of(String key, Path file, Duration pause) {
        ReloadingFile<Users> users =
                new ReloadingFile<>(List.of(file), () -> SecretFile.read(key, file, Users::parse), System::nanoTime);
        int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
        return new PasswordCheck(threads, BackgroundReload.start(users, pause, changed -> {}));
    }

    /**
     * Returns whether user and password are right; fails with {@link ErrorCode#OVERLOADED} if too many checks are
     * waiting.
     */
    CompletionStage<Boolean> matches(PresentedCredentials.Basic presented) {
        Users current = users.get();
        ByteBuffer code = code(presented);
        if (current.cached.getIfPresent(code) != null) {
            return CompletableFuture.completedFuture(true);
        }
        return current.inFlight.join(code, executor, () -> check(current, presented, code));
    }

    private static boolean check(Users current, PresentedCredentials.Basic presented, ByteBuffer code) {
        boolean right = current.file.matches(presented.user(), presented.password());
        if (right) {
            current.cached.put(code, true);
        }
        return right;
    }

    private static RegistryException overloaded() {
        return new RegistryException(
                ErrorCode.OVERLOADED,
                "too many password checks are waiting; try again later",
                null,
                Duration.ofSeconds(1));
    }

    private ByteBuffer code(PresentedCredentials.Basic presented) {
        try {
            Mac mac = Mac.getInstance(MAC_ALGORITHM);
            mac.init(new SecretKeySpec(macKey, MAC_ALGORITHM));
            mac.update(presented.user().getBytes(StandardCharsets.UTF_8));
            // A user name has no colon, so no other pair has this code.
            mac.update((byte) ':');
            return ByteBuffer.wrap(mac.doFinal(presented.password()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no " + MAC_ALGORITHM, e);
        }
    }

    @Override
    public void close() {
        users.close();
        executor.shutdownNow();
    }
}
