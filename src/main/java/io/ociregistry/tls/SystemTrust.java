package io.ociregistry.tls;

import java.util.function.Supplier;
import javax.net.ssl.X509ExtendedTrustManager;
import nl.altindag.ssl.SSLFactory;
import org.jspecify.annotations.Nullable;

/**
 * The trust store of the operating system.
 *
 * <p>To read it takes a third of a second, so it is read once for all registries, when it is first needed. Thread-safe.
 */
public final class SystemTrust {
    private final Supplier<X509ExtendedTrustManager> reader;
    private @Nullable X509ExtendedTrustManager loaded; // guarded by "this"

    /** Creates a trust store that calls the reader when it is first needed. */
    public SystemTrust(Supplier<X509ExtendedTrustManager> reader) {
        this.reader = reader;
    }

    /** Returns the trust store of the operating system together with that of this Java, which may be a link to it. */
    public static SystemTrust ofThisMachine() {
        return new SystemTrust(() -> SSLFactory.builder()
                .withDefaultTrustMaterial()
                .withSystemTrustMaterial()
                .build()
                .getTrustManager()
                .orElseThrow());
    }

    public synchronized X509ExtendedTrustManager get() {
        X509ExtendedTrustManager trust = loaded;
        if (trust == null) {
            trust = reader.get();
            loaded = trust;
        }
        return trust;
    }
}
