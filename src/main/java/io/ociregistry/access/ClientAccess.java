package io.ociregistry.access;

import io.ociregistry.common.BackgroundReload;
import io.ociregistry.config.model.ClientsConfig;
import io.ociregistry.oci.ErrorCode;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Decides which clients may use the registry, by the section {@code clients} of the configuration. Without that
 * section, all clients may.
 *
 * <p>Thread-safe. {@link #close} stops the watch of the files.
 */
public final class ClientAccess implements AutoCloseable {
    /** The name in the log of a client that sends a token. */
    public static final String TOKEN = "token";

    private final Optional<PasswordCheck> passwords;
    private final Optional<SharedToken> token;

    private ClientAccess(Optional<PasswordCheck> passwords, Optional<SharedToken> token) {
        this.passwords = passwords;
        this.token = token;
    }

    /**
     * Reads the files, and reads them again when they change.
     *
     * @throws io.ociregistry.common.UnusableFileException if a file cannot be used
     */
    public static ClientAccess of(ClientsConfig config) {
        return of(config, BackgroundReload.CHECK_INTERVAL);
    }

    /** Reads the files, and checks them for changes at this interval. */
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

    /** Returns whether clients need no credentials. */
    public boolean allowsAnonymous() {
        return passwords.isEmpty() && token.isEmpty();
    }

    /**
     * Returns whether the credentials of a request are right.
     *
     * @param authorization the {@code Authorization} header
     * @return already complete if no password must be hashed; fails with {@link ErrorCode#OVERLOADED} if too many wait
     *     to be hashed
     */
    public CompletionStage<Boolean> authenticate(@Nullable String authorization) {
        PresentedCredentials presented = PresentedCredentials.parse(authorization);
        if (presented instanceof PresentedCredentials.Basic basic && passwords.isPresent()) {
            return passwords.get().matches(basic);
        }
        boolean known = presented instanceof PresentedCredentials.Bearer bearer
                && token.filter(right -> right.matches(bearer.token())).isPresent();
        return CompletableFuture.completedFuture(allowsAnonymous() || known);
    }

    /**
     * Returns the user whose password an {@code Authorization} header contains, right or wrong; {@link #TOKEN} for a
     * token; empty without a password or token.
     */
    public static Optional<String> presentedUser(@Nullable String authorization) {
        PresentedCredentials presented = PresentedCredentials.parse(authorization);
        if (presented instanceof PresentedCredentials.Basic basic) {
            return Optional.of(basic.user());
        }
        return presented instanceof PresentedCredentials.Bearer ? Optional.of(TOKEN) : Optional.empty();
    }

    /**
     * Returns the {@code WWW-Authenticate} header (RFC 9110 section 11.6.1). If there are passwords, it names only
     * Basic: registry clients prefer Bearer and would expect a token service.
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
