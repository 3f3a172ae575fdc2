package io.ociregistry.tls;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Reads private keys in PEM format by means of the JDK.
 *
 * <table>
 * <caption>Formats</caption>
 * <tr><td>{@code PRIVATE KEY}</td><td>PKCS#8 (RFC 5958)</td></tr>
 * <tr><td>{@code ENCRYPTED PRIVATE KEY}</td><td>PKCS#8 with PBES2 (RFC 8018): PBKDF2 with AES-CBC or 3DES; or with a
 * PBES1 algorithm of the JDK</td></tr>
 * <tr><td>{@code RSA PRIVATE KEY}</td><td>PKCS#1 (RFC 8017)</td></tr>
 * <tr><td>{@code EC PRIVATE KEY}</td><td>SEC1 with a named curve (RFC 5915)</td></tr>
 * <tr><td>{@code Proc-Type: 4,ENCRYPTED}</td><td>the last two with OpenSSL's traditional encryption: AES-CBC or
 * 3DES</td></tr>
 * </table>
 *
 * Unusable input causes an {@link IllegalArgumentException}, whose message continues a sentence about the file.
 */
final class PrivateKeys {
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----\\s+((?:[A-Za-z-]+: .*\\s+)*)([A-Za-z0-9+/=\\s]*)-----END ");
    private static final Pattern DEK_INFO = Pattern.compile("DEK-Info: *([A-Za-z0-9-]+), *([0-9A-Fa-f]+)");
    private static final List<String> KEY_ALGORITHMS = List.of("RSA", "EC", "EdDSA", "RSASSA-PSS");

    private static final byte[] VERSION_0 = Der.encode(Der.INTEGER, new byte[1]);
    private static final byte[] RSA_ENCRYPTION =
            HexFormat.of().parseHex("300d06092a864886f70d0101010500"); // with NULL parameters
    private static final byte[] EC_PUBLIC_KEY = HexFormat.of().parseHex("06072a8648ce3d0201");

    private static final String PBES2 = "1.2.840.113549.1.5.13";
    private static final String PBKDF2 = "1.2.840.113549.1.5.12";
    private static final int MAX_ITERATIONS = 10_000_000;
    private static final String DEFAULT_PRF = "1.2.840.113549.2.7";
    private static final Map<String, String> PRFS = Map.of(
            DEFAULT_PRF,
            "PBKDF2WithHmacSHA1",
            "1.2.840.113549.2.8",
            "PBKDF2WithHmacSHA224",
            "1.2.840.113549.2.9",
            "PBKDF2WithHmacSHA256",
            "1.2.840.113549.2.10",
            "PBKDF2WithHmacSHA384",
            "1.2.840.113549.2.11",
            "PBKDF2WithHmacSHA512");
    private static final Map<String, Encryption> CIPHERS = Map.of(
            "2.16.840.1.101.3.4.1.2", new Encryption("AES", 16),
            "2.16.840.1.101.3.4.1.22", new Encryption("AES", 24),
            "2.16.840.1.101.3.4.1.42", new Encryption("AES", 32),
            "1.2.840.113549.3.7", new Encryption("DESede", 24));
    private static final Map<String, Encryption> TRADITIONAL_CIPHERS = Map.of(
            "AES-128-CBC", new Encryption("AES", 16),
            "AES-192-CBC", new Encryption("AES", 24),
            "AES-256-CBC", new Encryption("AES", 32),
            "DES-EDE3-CBC", new Encryption("DESede", 24));

    private PrivateKeys() {}

    /** Returns true if a password is needed to read the first key in this text. */
    static boolean isEncrypted(String pem) {
        return pem.contains("BEGIN ENCRYPTED ") || DEK_INFO.matcher(pem).find();
    }

    /**
     * Reads the first key in this text.
     *
     * @param password called only if the key is encrypted
     * @throws IllegalArgumentException if the key can't be read
     * @throws WrongPasswordException if the key can't be decrypted with this password
     */
    static PrivateKey parse(String pem, Supplier<char[]> password) {
        Matcher block = BLOCK.matcher(pem);
        if (!block.find()) {
            throw new IllegalArgumentException("its private key is not well-formed PEM");
        }
        byte[] content = Base64.getMimeDecoder().decode(block.group(3));
        Matcher dekInfo = DEK_INFO.matcher(block.group(2));
        if (dekInfo.find()) {
            content = decryptTraditional(content, dekInfo.group(1), dekInfo.group(2), password.get());
        }
        return switch (block.group(1)) {
            case "PRIVATE KEY" -> key(content);
            case "ENCRYPTED PRIVATE KEY" -> key(decrypt(content, password.get()));
            case "RSA PRIVATE KEY" -> key(pkcs8(RSA_ENCRYPTION, content));
            case "EC PRIVATE KEY" -> key(pkcs8(ecAlgorithm(content), content));
            default ->
                throw new IllegalArgumentException("it has a " + block.group(1)
                        + ", which is not supported; convert it with: openssl pkcs8 -topk8");
        };
    }

    /** Reports that a key can't be decrypted with the given password. */
    static final class WrongPasswordException extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;

        WrongPasswordException(Exception cause) {
            super("it can't be decrypted with this password", cause);
        }
    }

    private static PrivateKey key(byte[] pkcs8) {
        for (String algorithm : KEY_ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            } catch (InvalidKeySpecException e) {
                // It is a key of another algorithm.
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("every Java has " + algorithm, e);
            }
        }
        throw new IllegalArgumentException(
                "its private key is damaged, or of a type other than RSA, EC with a named" + " curve, and Ed25519");
    }

    private static byte[] pkcs8(byte[] algorithm, byte[] key) {
        return Der.encode(Der.SEQUENCE, VERSION_0, algorithm, Der.encode(Der.OCTET_STRING, key));
    }

    /** Returns the algorithm identifier of a SEC1 key: its curve is inside the key there, and beside it in PKCS#8. */
    private static byte[] ecAlgorithm(byte[] sec1) {
        Der key = new Der(sec1).in(Der.SEQUENCE).skip().skip();
        if (!key.isNext(Der.CONTEXT_0)) {
            throw new IllegalArgumentException("its private key does not name its curve");
        }
        return Der.encode(Der.SEQUENCE, EC_PUBLIC_KEY, key.next(Der.CONTEXT_0));
    }

    /** Decrypts a PKCS#8 key. */
    private static byte[] decrypt(byte[] encrypted, char[] password) {
        Der info = new Der(encrypted).in(Der.SEQUENCE);
        Der algorithm = info.in(Der.SEQUENCE);
        String scheme = Der.oid(algorithm.next(Der.OBJECT_IDENTIFIER));
        return scheme.equals(PBES2)
                ? decryptPbes2(algorithm.in(Der.SEQUENCE), info.next(Der.OCTET_STRING), password)
                : decryptPbes1(scheme, encrypted, password);
    }

    private static byte[] decryptPbes2(Der parameters, byte[] data, char[] password) {
        Der derivation = parameters.in(Der.SEQUENCE);
        String function = Der.oid(derivation.next(Der.OBJECT_IDENTIFIER));
        if (!function.equals(PBKDF2)) {
            throw unsupported(function);
        }
        Der pbkdf2 = derivation.in(Der.SEQUENCE);
        byte[] salt = pbkdf2.next(Der.OCTET_STRING);
        int iterations = iterations(pbkdf2.next(Der.INTEGER));
        if (pbkdf2.isNext(Der.INTEGER)) {
            pbkdf2.skip();
        }
        String prf = pbkdf2.hasNext() ? Der.oid(pbkdf2.in(Der.SEQUENCE).next(Der.OBJECT_IDENTIFIER)) : DEFAULT_PRF;
        Der scheme = parameters.in(Der.SEQUENCE);
        String cipher = Der.oid(scheme.next(Der.OBJECT_IDENTIFIER));
        if (!PRFS.containsKey(prf) || !CIPHERS.containsKey(cipher)) {
            throw unsupported(PRFS.containsKey(prf) ? cipher : prf);
        }
        Encryption encryption = CIPHERS.get(cipher);
        try {
            SecretKey derived = SecretKeyFactory.getInstance(PRFS.get(prf))
                    .generateSecret(new PBEKeySpec(password, salt, iterations, encryption.keyBytes * 8));
            return encryption.decrypt(data, derived.getEncoded(), scheme.next(Der.OCTET_STRING));
        } catch (GeneralSecurityException e) {
            throw new WrongPasswordException(e);
        }
    }

    /** Limits the time of a derivation, which the file determines. */
    private static int iterations(byte[] number) {
        BigInteger iterations = new BigInteger(number);
        if (iterations.signum() <= 0 || iterations.compareTo(BigInteger.valueOf(MAX_ITERATIONS)) > 0) {
            throw new IllegalArgumentException("its key derivation has " + iterations + " iterations; at most "
                    + MAX_ITERATIONS + " are accepted");
        }
        return iterations.intValue();
    }

    private static byte[] decryptPbes1(String scheme, byte[] encrypted, char[] password) {
        try {
            EncryptedPrivateKeyInfo info = new EncryptedPrivateKeyInfo(encrypted);
            SecretKey key = SecretKeyFactory.getInstance(info.getAlgName()).generateSecret(new PBEKeySpec(password));
            Cipher cipher = Cipher.getInstance(info.getAlgName());
            cipher.init(Cipher.DECRYPT_MODE, key, info.getAlgParameters());
            return cipher.doFinal(info.getEncryptedData());
        } catch (NoSuchAlgorithmException | IOException e) {
            throw unsupported(scheme);
        } catch (GeneralSecurityException e) {
            throw new WrongPasswordException(e);
        }
    }

    private static IllegalArgumentException unsupported(String algorithm) {
        return new IllegalArgumentException("it is encrypted with the algorithm " + algorithm
                + ", which is not supported; encrypt it again with: openssl pkcs8 -topk8 -v2 aes-256-cbc");
    }

    private static byte[] decryptTraditional(byte[] data, String cipher, String iv, char[] password) {
        Encryption encryption = TRADITIONAL_CIPHERS.get(cipher);
        if (encryption == null) {
            throw unsupported(cipher);
        }
        try {
            byte[] vector = HexFormat.of().parseHex(iv);
            return encryption.decrypt(data, traditionalKey(encryption.keyBytes, vector, password), vector);
        } catch (GeneralSecurityException e) {
            throw new WrongPasswordException(e);
        }
    }

    /** Derives a key as EVP_BytesToKey of OpenSSL does with MD5 and one iteration; the salt is the start of the IV. */
    private static byte[] traditionalKey(int length, byte[] iv, char[] password) throws GeneralSecurityException {
        MessageDigest md5 = MessageDigest.getInstance("MD5");
        byte[] key = new byte[0];
        byte[] block = new byte[0];
        while (key.length < length) {
            md5.update(block);
            md5.update(new String(password).getBytes(StandardCharsets.UTF_8));
            md5.update(iv, 0, Math.min(8, iv.length));
            block = md5.digest();
            int from = key.length;
            key = Arrays.copyOf(key, Math.min(length, from + block.length));
            System.arraycopy(block, 0, key, from, key.length - from);
        }
        return key;
    }

    /** A block cipher in CBC mode. */
    private record Encryption(String cipher, int keyBytes) {
        byte[] decrypt(byte[] data, byte[] key, byte[] iv) throws GeneralSecurityException {
            Cipher decryption = Cipher.getInstance(cipher + "/CBC/PKCS5Padding");
            decryption.init(Cipher.DECRYPT_MODE, new SecretKeySpec(key, cipher), new IvParameterSpec(iv));
            return decryption.doFinal(data);
        }
    }
}
