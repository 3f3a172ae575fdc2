package io.ociregistry.standalone.jetty;

import io.ociregistry.common.BackgroundReload;
import io.ociregistry.common.ReloadingFile;
import io.ociregistry.common.UnusableFileException;
import io.ociregistry.config.model.ServerTlsConfig;
import io.ociregistry.config.model.ServerTlsConfig.ClientAuth;
import io.ociregistry.tls.PemFiles;
import io.ociregistry.tls.SystemTrust;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.X509ExtendedTrustManager;
import nl.altindag.ssl.SSLFactory;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS 1.2 and 1.3 towards clients, with the files of {@code serverTlsConfig}. Changed files apply to new connections;
 * while they cannot be used, the previous contents apply. Closing stops the watch of the files.
 */
public final class ServerTls implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ServerTls.class);
    private static final PemFiles PEM = new PemFiles("serverTlsConfig");

    private final ServerTlsConfig config;
    private final SslContextFactory.Server jetty;
    private final BackgroundReload<Material> material;

    private ServerTls(ServerTlsConfig config, SslContextFactory.Server jetty, BackgroundReload<Material> material) {
        this.config = config;
        this.jetty = jetty;
        this.material = material;
    }

    private record Material(X509Certificate certificate, SSLContext context) {}

    /**
     * Reads the files; empty if TLS is not configured.
     *
     * @param pause the maximum time until a changed file is loaded
     * @throws StartException if a file cannot be used; the message names it
     */
    static Optional<ServerTls> of(ServerTlsConfig config, Duration pause) throws StartException {
        if (config.cert().isEmpty() || config.key().isEmpty()) {
            return Optional.empty();
        }
        Path cert = config.cert().get();
        Path key = config.key().get();
        var system = SystemTrust.ofThisMachine();
        var files = Stream.concat(Stream.of(cert, key), config.ca().stream()).toList();
        var jetty = new SslContextFactory.Server();
        jetty.setIncludeProtocols("TLSv1.3", "TLSv1.2");
        jetty.setNeedClientAuth(config.clientAuth() == ClientAuth.VERIFY);
        try {
            var material = BackgroundReload.start(
                    new ReloadingFile<>(files, () -> read(config, cert, key, system), System::nanoTime),
                    pause,
                    changed -> use(jetty, changed));
            jetty.setSslContext(material.get().context);
            return Optional.of(new ServerTls(config, jetty, material));
        } catch (UnusableFileException e) {
            throw new StartException(e);
        }
    }

    private static Material read(ServerTlsConfig config, Path cert, Path key, SystemTrust system) {
        var identity = PEM.identity(cert, key, config.keyPassword());
        var factory = SSLFactory.builder().withIdentityMaterial(identity.keys());
        if (config.clientAuth() == ClientAuth.VERIFY) {
            X509ExtendedTrustManager trust = config.ca().map(PEM::trustManager).orElseGet(system::get);
            factory.withTrustMaterial(trust);
        }
        return new Material(identity.certificate(), factory.build().getSslContext());
    }

    /** Installs a new context and not only new keys, so that no client resumes a session of a removed CA. */
    private static void use(SslContextFactory.Server jetty, Material material) {
        try {
            jetty.reload(factory -> factory.setSslContext(material.context));
        } catch (Exception e) {
            LOG.error("the changed files of serverTlsConfig cannot be used; the previous ones stay in use", e);
        }
    }

    /** Makes a factory of TLS connections around the given protocol. */
    SslConnectionFactory connectionFactory(String protocol) {
        return new SslConnectionFactory(jetty, protocol);
    }

    /**
     * The text in the banner. An expired certificate is not an error, because the clock of an offline machine may be
     * wrong.
     */
    public String description() {
        var certificate = material.get().certificate;
        var until = certificate.getNotAfter().toInstant();
        var expired = until.isBefore(Instant.now()) ? " (EXPIRED: clients will refuse it)" : "";
        return "certificate of " + certificate.getSubjectX500Principal() + " in "
                + config.cert().orElseThrow() + ", valid until " + until + expired + "; " + clients();
    }

    /** Returns when the certificate in use expires. */
    Instant expiry() {
        return material.get().certificate.getNotAfter().toInstant();
    }

    private String clients() {
        return config.clientAuth() == ClientAuth.NONE
                ? "clients need no certificate"
                : "clients need a certificate that "
                        + config.ca().map(Path::toString).orElse("the operating system") + " trusts";
    }

    @Override
    public void close() {
        material.close();
    }
}
