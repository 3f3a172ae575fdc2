package io.ociregistry.access;

import io.ociregistry.common.BackgroundReload;
import io.ociregistry.config.model.ClientsConfig;
import io.ociregistry.oci.ErrorCode;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Which requests may be answered, by what the section {@code clients} says: everybody's, if it says nothing. */
public final class ClientAccess implements AutoCloseable {
    private final Optional<PasswordCheck> passwords;
    private final Optional<SharedToken> token;

    private ClientAccess(Optional<PasswordCheck> passwords, Optional<SharedToken> token) {
        this.passwords = passwords;
        this.token = token;
    }

    /**
     * Reads the files; they are read again when they change.
     *
     * @throws io.ociregistry.common.UnusableFileException if one can't be used
     */
    public static ClientAccess of(ClientsConfig config) {
        return of(config, BackgroundReload.PAUSE);
    }

    /** The same with another time for which a changed file may go unseen. */
    static ClientAccess of(ClientsConfig config, Duration pause) {
        Optional<SharedToken> token = config.tokenFile()
                .map(file -> SharedToken.watched("clients.tokenFile", file, pause))
                .or(() -> config.token().map(SharedToken::of));
        try {
            return new ClientAccess(
                    config.htpasswd().map(file -> PasswordCheck.of("clients.htpasswd", file, pause)), token);
        } catch (RuntimeException e) {
            token.ifPresent(SharedToken::close);
            throw e;
        }
    }

    /** Whether nobody needs to show anything. */
    public boolean isOpen() {
        return passwords.isEmpty() && token.isEmpty();
    }

    /**
     * Whether a request may be answered.
     *
     * @param authorization its header of that name
     * @return complete already where nothing has to be computed; fails with {@link ErrorCode#OVERLOADED} where too much has
     */
    public CompletionStage<Boolean> admits(@Nullable String authorization) {
        PresentedCredentials shown = PresentedCredentials.in(authorization);
        if (shown instanceof PresentedCredentials.Basic basic && passwords.isPresent()) {
            return passwords.get().isRight(basic);
        }
        boolean known = shown instanceof PresentedCredentials.Bearer bearer
                && token.filter(right -> right.is(bearer.token())).isPresent();
        return CompletableFuture.completedFuture(isOpen() || known);
    }

    /** Whether an {@code Authorization} header has a password or a token in it, right or wrong. */
    public static boolean isTried(@Nullable String authorization) {
        return !(PresentedCredentials.in(authorization) instanceof PresentedCredentials.Nothing);
    }

    /**
     * What {@code WWW-Authenticate} asks for: RFC 9110 section 11.6.1. Where there are passwords it names Basic alone: clients of registries
     * prefer Bearer, and would look for a token service behind it.
     */
    public String challenge() {
        return (passwords.isPresent() ? "Basic" : "Bearer") + " realm=\"ociregistry\"";
    }

    @Override
    public void close() {
        passwords.ifPresent(PasswordCheck::close);
        token.ifPresent(SharedToken::close);
    }
}
