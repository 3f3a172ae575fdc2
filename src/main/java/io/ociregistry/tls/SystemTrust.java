package io.ociregistry.tls;

import java.util.function.Supplier;
import javax.net.ssl.X509ExtendedTrustManager;
import nl.altindag.ssl.SSLFactory;
import org.jspecify.annotations.Nullable;

/** Whom the operating system trusts. Reading that takes a third of a second, so it is done once for all registries, when it is needed first. */
public final class SystemTrust {
    private final Supplier<X509ExtendedTrustManager> reader;
    private @Nullable X509ExtendedTrustManager known; // guarded by this

    /** Whom the reader says, once it is asked. */
    public SystemTrust(Supplier<X509ExtendedTrustManager> reader) {
        this.reader = reader;
    }

    /** The store of its Java, which distributions link to that of the system, and the system's own. */
    public static SystemTrust ofThisMachine() {
        return new SystemTrust(() -> SSLFactory.builder()
                .withDefaultTrustMaterial()
                .withSystemTrustMaterial()
                .build()
                .getTrustManager()
                .orElseThrow());
    }

    public synchronized X509ExtendedTrustManager get() {
        X509ExtendedTrustManager trust = known;
        if (trust == null) {
            trust = reader.get();
            known = trust;
        }
        return trust;
    }
}
