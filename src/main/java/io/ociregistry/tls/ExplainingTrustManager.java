package io.ociregistry.tls;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Trusts what another one trusts, but says which certificate it is that is not trusted: whose and for which names, who issued it, by whom
 * it is not trusted, and what can be done.
 */
public final class ExplainingTrustManager extends X509ExtendedTrustManager {
    private static final Set<Integer> DNS_OR_ADDRESS = Set.of(2, 7); // of GeneralName in RFC 5280
    private static final int SOME = 5;

    private final X509ExtendedTrustManager trust;
    private final String who;
    private final String home;

    /**
     * Explains what one refuses.
     *
     * @param who the name of whose trust this is
     * @param home where the issuer of a certificate belongs that is right and not trusted
     */
    public ExplainingTrustManager(X509ExtendedTrustManager trust, String who, String home) {
        this.trust = trust;
        this.who = who;
        this.home = home;
    }

    private interface Check {
        void run() throws CertificateException;
    }

    private void explained(X509Certificate[] chain, String type, Check check) throws CertificateException {
        try {
            check.run();
        } catch (CertificateException e) {
            throw new CertificateException(
                    "the certificate of " + chain[0].getSubjectX500Principal() + " for " + names(chain[0])
                            + " was issued by " + chain[chain.length - 1].getIssuerX500Principal() + " and "
                            + why(chain, type, e.getMessage()),
                    e);
        }
    }

    private static List<String> names(X509Certificate certificate) throws CertificateException {
        var names = certificate.getSubjectAlternativeNames();
        return names == null
                ? List.of()
                : names.stream()
                        .filter(name -> DNS_OR_ADDRESS.contains(name.get(0)))
                        .limit(SOME)
                        .map(name -> String.valueOf(name.get(1)))
                        .toList();
    }

    private String why(X509Certificate[] chain, String type, @Nullable String reason) {
        try {
            chain[0].checkValidity();
        } catch (CertificateExpiredException e) {
            return "expired at " + chain[0].getNotAfter().toInstant();
        } catch (CertificateNotYetValidException e) {
            return "is not valid before " + chain[0].getNotBefore().toInstant() + " (is our clock right?)";
        }
        return isTrustedUnderAnyName(chain, type)
                ? "is for another host: " + reason
                : "is not trusted by " + who + ": " + reason
                        + "; if that certificate is right, its issuer belongs into " + home;
    }

    private boolean isTrustedUnderAnyName(X509Certificate[] chain, String type) {
        try {
            trust.checkServerTrusted(chain, type);
            return true;
        } catch (CertificateException e) {
            return false;
        }
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
        explained(chain, type, () -> trust.checkServerTrusted(chain, type, socket));
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
        explained(chain, type, () -> trust.checkServerTrusted(chain, type, engine));
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
        explained(chain, type, () -> trust.checkServerTrusted(chain, type));
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
        trust.checkClientTrusted(chain, type, socket);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
        trust.checkClientTrusted(chain, type, engine);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
        trust.checkClientTrusted(chain, type);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return trust.getAcceptedIssuers();
    }
}
