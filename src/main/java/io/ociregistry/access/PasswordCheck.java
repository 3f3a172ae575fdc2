package io.ociregistry.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.ociregistry.common.BackgroundReload;
import io.ociregistry.common.Daemons;
import io.ociregistry.common.ReloadingFile;
import io.ociregistry.common.SecretFile;
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
 * Checks passwords against an {@code htpasswd} file, which is read again when it changes.
 *
 * <p>A password that was right is known again, under a code that only this process can make of it, until the file changes; so a request
 * costs a bcrypt once. That work is done on few threads for few at a time: whoever guesses passwords keeps new users waiting, but nobody who
 * is known, and no other work.
 */
final class PasswordCheck implements AutoCloseable {
    private static final int KNOWN = 1024;
    private static final int WAITING_PER_THREAD = 16;
    private static final String CODE = "HmacSHA256";

    private final byte[] secret = new byte[32];
    private final ThreadPoolExecutor work;
    private final BackgroundReload<Users> users;

    /** One version of the file, and what was found out about it. */
    private record Users(Htpasswd file, Cache<ByteBuffer, Boolean> known, Joined<ByteBuffer, Boolean> asked) {
        static Users parse(byte[] bytes) {
            return new Users(
                    Htpasswd.parse(bytes),
                    Caffeine.newBuilder().maximumSize(KNOWN).build(),
                    new Joined<>());
        }
    }

    private PasswordCheck(int threads, BackgroundReload<Users> users) {
        new SecureRandom().nextBytes(secret);
        this.users = users;
        this.work = new ThreadPoolExecutor(
                threads,
                threads,
                10,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(threads * WAITING_PER_THREAD),
                Daemons.named("passwords"),
                (task, full) -> {
                    throw tooMany();
                });
        work.allowCoreThreadTimeOut(true);
    }

    /**
     * Reads the file.
     *
     * @param key the key of the configuration that names it
     * @param pause how long a changed file may go unseen
     * @throws io.ociregistry.common.UnusableFileException if it can't be used
     */
    static PasswordCheck of(String key, Path file, Duration pause) {
        ReloadingFile<Users> users =
                new ReloadingFile<>(List.of(file), () -> SecretFile.read(key, file, Users::parse), System::nanoTime);
        int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
        return new PasswordCheck(threads, BackgroundReload.start(users, pause, changed -> {}));
    }

    /** Whether they are right; fails with {@link ErrorCode#OVERLOADED} when too many wait for that already. */
    CompletionStage<Boolean> isRight(PresentedCredentials.Basic shown) {
        Users now = users.get();
        ByteBuffer code = code(shown);
        if (now.known.getIfPresent(code) != null) {
            return CompletableFuture.completedFuture(true);
        }
        return now.asked.join(code, () -> check(now, shown, code), work);
    }

    private static boolean check(Users now, PresentedCredentials.Basic shown, ByteBuffer code) {
        boolean right = now.file.matches(shown.user(), shown.password());
        if (right) {
            now.known.put(code, true);
        }
        return right;
    }

    private static RegistryException tooMany() {
        return new RegistryException(
                ErrorCode.OVERLOADED,
                "too many passwords wait for being checked; ask again",
                null,
                Duration.ofSeconds(1));
    }

    private ByteBuffer code(PresentedCredentials.Basic shown) {
        try {
            Mac mac = Mac.getInstance(CODE);
            mac.init(new SecretKeySpec(secret, CODE));
            mac.update(shown.user().getBytes(StandardCharsets.UTF_8));
            // A user has no colon, so that no other pair has the same code.
            mac.update((byte) ':');
            return ByteBuffer.wrap(mac.doFinal(shown.password()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no " + CODE, e);
        }
    }

    @Override
    public void close() {
        users.close();
        work.shutdownNow();
    }
}
