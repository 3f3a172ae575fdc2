package io.ociregistry.upstream;

import javax.net.ssl.X509ExtendedTrustManager;
import nl.altindag.ssl.SSLFactory;
import org.jspecify.annotations.Nullable;

/**
 * Whom this machine trusts: the store of its Java, which distributions link to that of the system, and the system's own. Reading them takes
 * a third of a second, so it is done once for all registries, when the first of them is connected to.
 */
final class SystemTrust {
    private @Nullable X509ExtendedTrustManager known; // guarded by this

    synchronized X509ExtendedTrustManager get() {
        X509ExtendedTrustManager trust = known;
        if (trust == null) {
            trust = SSLFactory.builder()
                    .withDefaultTrustMaterial()
                    .withSystemTrustMaterial()
                    .build()
                    .getTrustManager()
                    .orElseThrow();
            known = trust;
        }
        return trust;
    }
}
