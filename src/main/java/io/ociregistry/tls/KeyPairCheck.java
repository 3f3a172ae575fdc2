package io.ociregistry.tls;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;

/**
 * Checks whether a private key belongs to a certificate, by signing and verifying test data.
 *
 * <p>A comparison is not possible, because not every private key contains its public key.
 */
final class KeyPairCheck {
    private static final byte[] TEST_DATA = {1, 2, 3};

    private KeyPairCheck() {}

    static boolean matches(PrivateKey key, PublicKey certified) {
        String algorithm = algorithm(certified);
        try {
            Signature signing = Signature.getInstance(algorithm);
            signing.initSign(key);
            signing.update(TEST_DATA);
            Signature verifying = Signature.getInstance(algorithm);
            verifying.initVerify(certified);
            verifying.update(TEST_DATA);
            return verifying.verify(signing.sign());
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static String algorithm(PublicKey key) {
        return switch (key.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> key.getAlgorithm();
        };
    }
}
