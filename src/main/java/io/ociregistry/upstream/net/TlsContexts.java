package io.ociregistry.upstream.net;

import io.ociregistry.common.ReloadingFile;
import io.ociregistry.config.model.TlsConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.tls.ExplainingTrustManager;
import io.ociregistry.tls.NoClientCertificate;
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
 * TLS to one registry and to the hosts that it names.
 *
 * <p>The client certificate and {@code insecureSkipVerify} apply only to the registry's own host and port; a configured
 * CA is the only one trusted there. Token services and redirect targets are always verified, against the trust store of
 * the operating system and the configured CA.
 *
 * <p>Files are read when they are first needed. A changed file applies to the next connection. Thread-safe.
 */
public final class TlsContexts implements TlsSocketStrategy {
    private static final String SYSTEM = "the operating system";

    private final Optional<Origin> registry;
    private final NoClientCertificate noCertificate;
    private final ReloadingFile<Strategies> strategies;

    private TlsContexts(
            Optional<Origin> registry, NoClientCertificate noCertificate, ReloadingFile<Strategies> strategies) {
        this.registry = registry;
        this.noCertificate = noCertificate;
        this.strategies = strategies;
    }

    private record Strategies(SniSocketStrategy toRegistry, SniSocketStrategy toOthers) {}

    /** Verifies everything against the trust store of the operating system, for unlisted registries. */
    public static TlsContexts systemTrustOnly(SystemTrust system) {
        return of("registries[]", TlsConfig.DEFAULT, Optional.empty(), system, System::nanoTime);
    }

    /**
     * Applies the TLS settings of a configured registry or mirror.
     *
     * @param entry the entry of the configuration, for messages
     */
    public static TlsContexts of(String entry, TlsConfig config, Origin registry, SystemTrust system) {
        return of(entry, config, Optional.of(registry), system, System::nanoTime);
    }

    static TlsContexts of(
            String entry, TlsConfig config, Optional<Origin> registry, SystemTrust system, LongSupplier nanoTime) {
        PemFiles pem = new PemFiles(entry + ".tls");
        List<Path> files = Stream.of(config.ca(), config.cert(), config.key())
                .flatMap(Optional::stream)
                .toList();
        NoClientCertificate noCertificate = new NoClientCertificate();
        return new TlsContexts(
                registry,
                noCertificate,
                new ReloadingFile<>(
                        files,
                        () -> CredentialFile.orUnreachable(() -> strategies(pem, config, system, noCertificate)),
                        nanoTime));
    }

    /**
     * Reads the files, unless that has been done.
     *
     * @throws RegistryException {@link ErrorCode#UPSTREAM_UNREACHABLE} if a file cannot be used; the message names the
     *     file
     */
    void load() {
        strategies.get();
    }

    /** Returns whether a server requested a client certificate and none is configured. */
    boolean lacksClientCertificate() {
        return noCertificate.isRequested();
    }

    @Override
    public SSLSocket upgrade(Socket socket, String target, int port, Object attachment, HttpContext context)
            throws IOException {
        boolean isRegistry = registry.filter(origin -> origin.hasHost(target) && origin.port() == port)
                .isPresent();
        Strategies now = strategies.get();
        try {
            return (isRegistry ? now.toRegistry : now.toOthers).upgrade(socket, target, port, attachment, context);
        } catch (SSLException e) {
            strategies.invalidate();
            throw e;
        }
    }

    private static Strategies strategies(
            PemFiles pem, TlsConfig config, SystemTrust system, NoClientCertificate noCertificate) {
        Optional<X509ExtendedTrustManager> authorities = config.ca().map(pem::trustManager);
        SSLFactory.Builder own = config.insecureSkipVerify()
                ? SSLFactory.builder().withUnsafeTrustMaterial()
                : SSLFactory.builder().withTrustMaterial(authorities.orElseGet(system::get));
        if (config.cert().isPresent() && config.key().isPresent()) {
            own.withIdentityMaterial(
                    pem.identity(config.cert().get(), config.key().get(), config.keyPassword())
                            .keys());
        } else {
            own.withIdentityMaterial(noCertificate);
        }
        SSLFactory.Builder others = SSLFactory.builder().withTrustMaterial(system.get());
        authorities.ifPresent(others::withTrustMaterial);
        Optional<String> ca = config.ca().map(file -> "tls.ca " + file);
        SSLContext toRegistry = context(own.build(), ca.orElse(SYSTEM));
        SSLContext toOthers =
                context(others.build(), ca.map(file -> file + " and " + SYSTEM).orElse(SYSTEM));
        return new Strategies(
                new SniSocketStrategy(toRegistry, !config.insecureSkipVerify()), new SniSocketStrategy(toOthers, true));
    }

    private static SSLContext context(SSLFactory factory, String trustSource) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            TrustManager trust = new ExplainingTrustManager(
                    factory.getTrustManager().orElseThrow(), trustSource, "tls.ca of this registry or mirror");
            KeyManager[] keys = factory.getKeyManager().stream().toArray(KeyManager[]::new);
            context.init(keys, new TrustManager[] {trust}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no TLS", e);
        }
    }
}
