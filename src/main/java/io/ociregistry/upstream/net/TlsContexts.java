package io.ociregistry.upstream.net;

import io.ociregistry.common.ReloadingFile;
import io.ociregistry.config.model.TlsConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.tls.ExplainingTrustManager;
import io.ociregistry.tls.NoCertificate;
import io.ociregistry.tls.PemFiles;
import io.ociregistry.tls.SystemTrust;
import io.ociregistry.upstream.address.Origin;
import io.ociregistry.upstream.credentials.CredentialFile;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import nl.altindag.ssl.SSLFactory;
import org.apache.hc.client5.http.ssl.TlsSocketStrategy;
import org.apache.hc.core5.http.protocol.HttpContext;

/**
 * TLS to one registry and to the hosts it sends us to.
 *
 * <p>The client certificate and {@code insecureSkipVerify} are for the registry's own host and port, and a configured CA alone is trusted
 * there. Its token service and its redirect targets are verified against the operating system's trust store and that CA, always.
 *
 * <p>No file is read before it is needed; one that has changed counts for the next connection.
 */
public final class TlsContexts implements TlsSocketStrategy {
    private static final String SYSTEM = "the operating system";
    private static final PemFiles PEM = new PemFiles("tls");

    private final Optional<Origin> home;
    private final NoCertificate nothing;
    private final ReloadingFile<Strategies> strategies;

    private TlsContexts(Optional<Origin> home, NoCertificate nothing, ReloadingFile<Strategies> strategies) {
        this.home = home;
        this.nothing = nothing;
        this.strategies = strategies;
    }

    private record Strategies(SniSocketStrategy toHome, SniSocketStrategy toOthers) {}

    /** For registries that nobody configured: everything is verified against the operating system's trust store. */
    public static TlsContexts verified(SystemTrust system) {
        return of(TlsConfig.DEFAULT, Optional.empty(), system, System::nanoTime);
    }

    /** For a configured registry. */
    public static TlsContexts of(TlsConfig config, Origin home, SystemTrust system) {
        return of(config, Optional.of(home), system, System::nanoTime);
    }

    static TlsContexts of(TlsConfig config, Optional<Origin> home, SystemTrust system, LongSupplier nanoTime) {
        List<Path> files = Stream.of(config.ca(), config.cert(), config.key())
                .flatMap(Optional::stream)
                .toList();
        NoCertificate nothing = new NoCertificate();
        return new TlsContexts(
                home,
                nothing,
                new ReloadingFile<>(
                        files,
                        () -> CredentialFile.orUnreachable(() -> strategies(config, system, nothing)),
                        nanoTime));
    }

    /**
     * Reads the files, unless that has been done.
     *
     * @throws RegistryException {@link ErrorCode#UPSTREAM_UNREACHABLE} if a file can't be used; the message names it
     */
    void load() {
        strategies.get();
    }

    /** Whether a server asked for a certificate where none is configured. */
    boolean lacksCertificate() {
        return nothing.isWanted();
    }

    @Override
    public SSLSocket upgrade(Socket socket, String target, int port, Object attachment, HttpContext context)
            throws IOException {
        boolean own = home.filter(origin -> origin.isAt(target) && origin.port() == port)
                .isPresent();
        Strategies now = strategies.get();
        try {
            return (own ? now.toHome : now.toOthers).upgrade(socket, target, port, attachment, context);
        } catch (SSLException e) {
            strategies.distrust();
            throw e;
        }
    }

    private static Strategies strategies(TlsConfig config, SystemTrust system, NoCertificate nothing) {
        Optional<X509ExtendedTrustManager> authorities = config.ca().map(PEM::authorities);
        SSLFactory.Builder own = config.insecureSkipVerify()
                ? SSLFactory.builder().withUnsafeTrustMaterial()
                : SSLFactory.builder().withTrustMaterial(authorities.orElseGet(system::get));
        if (config.cert().isPresent() && config.key().isPresent()) {
            own.withIdentityMaterial(
                    PEM.identity(config.cert().get(), config.key().get(), config.keyPassword())
                            .keys());
        } else {
            own.withIdentityMaterial(nothing);
        }
        SSLFactory.Builder others = SSLFactory.builder().withTrustMaterial(system.get());
        authorities.ifPresent(others::withTrustMaterial);
        Optional<String> ca = config.ca().map(file -> "tls.ca " + file);
        SSLContext toHome = context(own.build(), ca.orElse(SYSTEM));
        SSLContext toOthers =
                context(others.build(), ca.map(file -> file + " and " + SYSTEM).orElse(SYSTEM));
        return new Strategies(
                new SniSocketStrategy(toHome, !config.insecureSkipVerify()), new SniSocketStrategy(toOthers, true));
    }

    private static SSLContext context(SSLFactory factory, String whoTrusts) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            TrustManager trust = new ExplainingTrustManager(
                    factory.getTrustManager().orElseThrow(), whoTrusts, "tls.ca of this registry or mirror");
            KeyManager[] keys = factory.getKeyManager().stream().toArray(KeyManager[]::new);
            context.init(keys, new TrustManager[] {trust}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no TLS", e);
        }
    }
}
