package io.ociregistry.standalone.jetty;

import io.ociregistry.common.BackgroundReload;
import io.ociregistry.common.ReloadingFile;
import io.ociregistry.common.UnusableFileException;
import io.ociregistry.config.model.ClientAuth;
import io.ociregistry.config.model.ServerTlsConfig;
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
 * TLS 1.2 and 1.3 towards clients, by the files of {@code serverTlsConfig}. What changes in them counts for the next connection; while they
 * can't be used, what they held before does.
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
     * Reads the files; empty if there are none.
     *
     * @param pause how long a changed file may go unseen
     * @throws StartException if one can't be used; the message names it
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
            X509ExtendedTrustManager trust = config.ca().map(PEM::authorities).orElseGet(system::get);
            factory.withTrustMaterial(trust);
        }
        return new Material(identity.certificate(), factory.build().getSslContext());
    }

    /** A new context, and not new keys in the old one: nobody resumes a session that another authority vouched for. */
    private static void use(SslContextFactory.Server jetty, Material material) {
        try {
            jetty.reload(factory -> factory.setSslContext(material.context));
        } catch (Exception e) {
            LOG.error("the changed files of serverTlsConfig can't be used", e);
        }
    }

    /** What makes connections that speak TLS first, and then that protocol. */
    SslConnectionFactory before(String protocol) {
        return new SslConnectionFactory(jetty, protocol);
    }

    /** What the banner says. An expired certificate is no reason not to start: the clock of a machine may be wrong until it has a network. */
    public String description() {
        var certificate = material.get().certificate;
        var until = certificate.getNotAfter().toInstant();
        var expired = until.isBefore(Instant.now()) ? ", WHICH IS OVER: clients will refuse it" : "";
        return "certificate of " + certificate.getSubjectX500Principal() + " in "
                + config.cert().orElseThrow() + ", valid until " + until + expired + "; " + clients();
    }

    private String clients() {
        return config.clientAuth() == ClientAuth.NONE
                ? "none wanted of clients"
                : "clients need one that " + config.ca().map(Path::toString).orElse("the operating system") + " trusts";
    }

    @Override
    public void close() {
        material.close();
    }
}
