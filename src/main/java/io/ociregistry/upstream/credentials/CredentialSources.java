package io.ociregistry.upstream.credentials;

import io.ociregistry.common.ReloadingFile;
import io.ociregistry.common.Secret;
import io.ociregistry.common.SecretFile;
import io.ociregistry.common.UnusableFileException;
import io.ociregistry.config.model.AuthConfig;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Creates sources of credentials from {@code registries[].auth}. A source reads and runs nothing before it is asked.
 */
public record CredentialSources(HelperPrograms programs, LongSupplier nanoTime) {
    /**
     * Returns the source for one registry or mirror.
     *
     * @param entry the entry of the configuration, for messages
     * @param server the name of the registry in a docker configuration and for credential helpers
     */
    public CredentialSource of(String entry, AuthConfig config, String server) {
        if (config instanceof AuthConfig.Account account) {
            return fixed(new Credentials.Account(account.user(), account.password()));
        }
        if (config instanceof AuthConfig.WithRealms known) {
            return of(entry, known.credentials(), server);
        }
        if (config instanceof AuthConfig.Token given) {
            return fixed(new Credentials.RegistryToken(given.token()));
        }
        if (config instanceof AuthConfig.AccountWithFile account) {
            return password(entry + ".auth.passwordFile", account);
        }
        if (config instanceof AuthConfig.DockerConfig docker) {
            ReloadingFile<DockerLogin> file = CredentialFile.of(
                    entry + ".auth.dockerConfig", docker.file(), bytes -> DockerLogin.of(bytes, server), nanoTime);
            return new DockerSource(file, server);
        }
        if (config instanceof AuthConfig.Helper helper) {
            return helper(helper, server);
        }
        return CredentialSource.ANONYMOUS;
    }

    /** Returns the source for a proxy, which supports only user name and password. */
    public CredentialSource forProxy(String key, AuthConfig config) {
        return config instanceof AuthConfig.AccountWithFile account
                ? password(key + ".passwordFile", account)
                : of(key, config, "");
    }

    /**
     * Reads the file or finds the program that credentials come from, without running it.
     *
     * @param section the section of the configuration with the credentials, {@code auth} or {@code proxy}
     * @throws UnusableFileException if that fails
     */
    public void check(String section, AuthConfig config) {
        if (config instanceof AuthConfig.WithRealms known) {
            check(section, known.credentials());
        } else if (config instanceof AuthConfig.AccountWithFile account) {
            SecretFile.read(section + ".passwordFile", account.passwordFile(), SecretFile::firstLine);
        } else if (config instanceof AuthConfig.DockerConfig docker) {
            SecretFile.read(section + ".dockerConfig", docker.file(), bytes -> DockerLogin.of(bytes, ""));
        } else if (config instanceof AuthConfig.Helper helper) {
            programs.check(section + ".credentialHelper", helper);
        }
    }

    private CredentialSource password(String key, AuthConfig.AccountWithFile account) {
        return new PasswordSource(
                account.user(),
                CredentialFile.of(
                        key, account.passwordFile(), bytes -> new Secret(SecretFile.firstLine(bytes)), nanoTime));
    }

    private static CredentialSource fixed(Credentials credentials) {
        return () -> Optional.of(credentials);
    }

    private HelperCredentials helper(AuthConfig.Helper helper, String server) {
        return new HelperCredentials(programs, helper, server, nanoTime);
    }

    /** A configured user name, with the password in a file. */
    private record PasswordSource(String user, ReloadingFile<Secret> file) implements CredentialSource {
        @Override
        public Optional<Credentials> get() {
            return Optional.of(new Credentials.Account(user, file.get()));
        }

        @Override
        public void invalidate(Credentials credentials) {
            file.invalidate();
        }
    }

    /** Credentials of a {@code config.json}, or of the helper that it names. */
    private final class DockerSource implements CredentialSource {
        private final ReloadingFile<DockerLogin> file;
        private final String server;
        // Guarded by this.
        private Map.@Nullable Entry<String, HelperCredentials> helper;

        DockerSource(ReloadingFile<DockerLogin> file, String server) {
            this.file = file;
            this.server = server;
        }

        @Override
        public Optional<Credentials> get() {
            DockerLogin login = file.get();
            return login.helper().flatMap(name -> helper(name).get()).or(login::stored);
        }

        @Override
        public void invalidate(Credentials credentials) {
            file.get().helper().ifPresent(name -> helper(name).invalidate(credentials));
            file.invalidate();
        }

        private synchronized HelperCredentials helper(String name) {
            if (helper == null || !helper.getKey().equals(name)) {
                AuthConfig.Helper config = new AuthConfig.Helper(name, Map.of(), Optional.empty());
                helper = Map.entry(name, CredentialSources.this.helper(config, server));
            }
            return helper.getValue();
        }
    }
}
