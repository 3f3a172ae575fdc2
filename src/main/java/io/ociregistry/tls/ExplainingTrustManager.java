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
 * A trust manager that delegates to another one and explains why a server certificate was rejected.
 *
 * <p>The message of the {@link CertificateException} says the subject, names and issuer of the certificate, which trust
 * store rejected it, and what an operator can do.
 */
public final class ExplainingTrustManager extends X509ExtendedTrustManager {
    private static final Set<Integer> DNS_OR_ADDRESS = Set.of(2, 7); // types of GeneralName in RFC 5280
    private static final int MAX_NAMES = 5;

    private final X509ExtendedTrustManager trust;
    private final String store;
    private final String setting;

    /**
     * Creates a trust manager that explains rejections by another one.
     *
     * @param trust the trust manager that decides
     * @param store the name of its trust store, for messages
     * @param setting the file or setting to which an operator adds an issuer to make it trusted
     */
    public ExplainingTrustManager(X509ExtendedTrustManager trust, String store, String setting) {
        this.trust = trust;
        this.store = store;
        this.setting = setting;
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
                            + reason(chain, type, e.getMessage()),
                    e);
        }
    }

    private static List<String> names(X509Certificate certificate) throws CertificateException {
        var names = certificate.getSubjectAlternativeNames();
        return names == null
                ? List.of()
                : names.stream()
                        .filter(name -> DNS_OR_ADDRESS.contains(name.get(0)))
                        .limit(MAX_NAMES)
                        .map(name -> String.valueOf(name.get(1)))
                        .toList();
    }

    private String reason(X509Certificate[] chain, String type, @Nullable String rejection) {
        try {
            chain[0].checkValidity();
        } catch (CertificateExpiredException e) {
            return "expired at " + chain[0].getNotAfter().toInstant();
        } catch (CertificateNotYetValidException e) {
            return "is not valid before " + chain[0].getNotBefore().toInstant() + " (check the clock of this machine)";
        }
        return isTrustedUnderAnyName(chain, type)
                ? "is for another host: " + rejection
                : "is not trusted by " + store + ": " + rejection + "; if the certificate is right, add its issuer to "
                        + setting;
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
