package io.ociregistry.registry;

import io.ociregistry.access.ClientAccess;
import io.ociregistry.common.UnusableFileException;
import io.ociregistry.config.ConfigLoader;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.MirrorConfig;
import io.ociregistry.config.model.ProxyConfig;
import io.ociregistry.config.model.ServerTlsConfig;
import io.ociregistry.config.model.ServerTlsConfig.ClientAuth;
import io.ociregistry.config.model.TlsConfig;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.tls.PemFiles;
import io.ociregistry.upstream.credentials.CredentialSources;
import io.ociregistry.upstream.credentials.HelperPrograms;
import java.util.ArrayList;
import java.util.List;

/**
 * Checks what a valid configuration refers to: files with certificates, keys and passwords, and credential helpers.
 * Reads files, but runs no program and sends no request.
 */
public final class ConfigCheck {
    private final List<String> messages = new ArrayList<>();
    private final CredentialSources credentials = new CredentialSources(HelperPrograms.SYSTEM, System::nanoTime);

    private ConfigCheck() {}

    /** Returns why a server with this configuration does not start; empty if it starts. */
    public static List<String> problems(ServerConfig config) {
        ConfigCheck check = new ConfigCheck();
        PemFiles pem = new PemFiles("serverTlsConfig");
        ServerTlsConfig tls = config.serverTlsConfig();
        tls.cert()
                .ifPresent(
                        cert -> check.run("", () -> pem.identity(cert, tls.key().orElseThrow(), tls.keyPassword())));
        if (tls.clientAuth() == ClientAuth.VERIFY) {
            tls.ca().ifPresent(ca -> check.run("", () -> pem.trustManager(ca)));
        }
        check.run("", () -> ClientAccess.of(config.clients()).close());
        return check.messages;
    }

    /** Returns the warnings about the file, and about settings of upstreams that fail as soon as they are used. */
    public static List<String> warnings(ConfigLoader.Result loaded) {
        ConfigCheck check = new ConfigCheck();
        check.messages.addAll(loaded.warnings());
        if (!loaded.config().airGapped()) {
            loaded.config().registries().forEach(check::registry);
        }
        return check.messages;
    }

    private void registry(UpstreamConfig registry) {
        String name = "registry " + registry.name();
        upstream(name, registry.auth(), registry.tls(), registry.proxy());
        for (MirrorConfig mirror : registry.mirrors()) {
            upstream(name + ", mirror " + mirror.url(), mirror.auth(), mirror.tls(), mirror.proxy());
        }
    }

    private void upstream(String name, AuthConfig auth, TlsConfig tls, ProxyConfig proxy) {
        PemFiles pem = new PemFiles("tls");
        tls.ca().ifPresent(ca -> run(name, () -> pem.trustManager(ca)));
        tls.cert()
                .ifPresent(cert -> run(name, () -> pem.identity(cert, tls.key().orElseThrow(), tls.keyPassword())));
        run(name, () -> credentials.check("auth", auth));
        if (proxy instanceof ProxyConfig.HttpProxy via) {
            run(name, () -> credentials.check("proxy", via.auth()));
        }
    }

    private void run(String upstream, Runnable check) {
        try {
            check.run();
        } catch (UnusableFileException e) {
            messages.add(
                    upstream.isEmpty()
                            ? e.getMessage()
                            : upstream + ": " + e.getMessage() + ". Requests to it fail until this is corrected");
        }
    }
}
