package io.ociregistry.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Keys as the program openssl writes them, and damaged ones. */
class PrivateKeysTest {
    private static final String PASSWORD = "pa55wörd";
    private static final String RSA = "genpkey -algorithm RSA";
    private static final String EC = "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384";

    @TempDir
    Path dir;

    @ParameterizedTest
    @CsvSource({
        "genpkey -algorithm RSA, pkey, RSA",
        "genpkey -algorithm RSA, rsa -traditional, RSA",
        "genpkey -algorithm RSA, rsa -traditional -aes128, RSA",
        "genpkey -algorithm RSA, rsa -traditional -aes192, RSA",
        "genpkey -algorithm RSA, rsa -traditional -aes256, RSA",
        "genpkey -algorithm RSA, rsa -traditional -des3, RSA",
        "genpkey -algorithm RSA, pkcs8 -topk8 -v2 aes-128-cbc -v2prf hmacWithSHA1, RSA",
        "genpkey -algorithm RSA, pkcs8 -topk8 -v2 aes-192-cbc -v2prf hmacWithSHA224, RSA",
        "genpkey -algorithm RSA, pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA512, RSA",
        "genpkey -algorithm RSA, pkcs8 -topk8 -v2 des3, RSA",
        "genpkey -algorithm RSA-PSS, pkey, RSASSA-PSS",
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384, pkey, EC",
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384, ec, EC",
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384, ec -aes256, EC",
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384, pkcs8 -topk8 -iter 50000, EC",
        "genpkey -algorithm ED25519, pkey, EdDSA",
        "genpkey -algorithm ED25519, pkcs8 -topk8 -v2 aes-256-cbc, EdDSA",
    })
    void keyOfOpensslIsRead(String generation, String conversion, String algorithm) throws Exception {
        String plain = openssl(generation);
        String pem = converted(plain, conversion);

        PrivateKey key = PrivateKeys.parse(pem, PASSWORD::toCharArray);

        assertEquals(algorithm, key.getAlgorithm());
        assertEquals(number(PrivateKeys.parse(plain, PASSWORD::toCharArray)), number(key));
    }

    /** Returns the secret number, because keys of EC are equal only if they also contain the public key. */
    private static Object number(PrivateKey key) {
        return key instanceof ECPrivateKey ec ? ec.getS() : key;
    }

    /** PBES1 knows ASCII passwords only. */
    @Test
    void keyWithTripleDesOfPkcs12IsRead() throws Exception {
        String plain = openssl(RSA);
        Path file = Files.writeString(dir.resolve("plain.pem"), plain);
        String pem = openssl("pkcs8 -topk8 -v1 PBE-SHA1-3DES -passout pass:ascii -in " + file);

        assertEquals(PrivateKeys.parse(plain, PASSWORD::toCharArray), PrivateKeys.parse(pem, "ascii"::toCharArray));
    }

    @ParameterizedTest
    @CsvSource({"pkcs8 -topk8 -scrypt, 1.3.6.1.4.1.11591.4.11", "rsa -traditional -camellia256, CAMELLIA-256-CBC"})
    void unsupportedEncryptionIsNamedWithRemedy(String conversion, String algorithm) throws Exception {
        String pem = converted(openssl(RSA), conversion);

        String message = message(pem);

        assertTrue(message.contains("encrypted with the algorithm " + algorithm), message);
        assertTrue(message.contains("openssl pkcs8 -topk8 -v2 aes-256-cbc"), message);
    }

    @Test
    void explicitCurveIsRefused() throws Exception {
        String pem = openssl(EC + " -pkeyopt ec_param_enc:explicit");

        assertTrue(message(pem).contains("EC with a named curve"), message(pem));
    }

    @Test
    void keyDerivationThatTakesForEverIsRefused() throws Exception {
        String pem = converted(openssl(EC), "pkcs8 -topk8 -v2 aes-256-cbc -iter 11000000");

        assertTrue(message(pem).contains("11000000 iterations"), message(pem));
    }

    /** Whatever a file contains, the answer is a message and not a crash. */
    @RepeatedTest(8)
    void damagedKeyIsRefusedByMessage(RepetitionInfo repetition) throws Exception {
        Random random = new Random(repetition.getCurrentRepetition());
        List<String> conversions = List.of("pkcs8 -topk8 -v2 aes-256-cbc", "ec", "ec -aes256", "pkey");
        String pem = converted(openssl(EC), conversions.get(repetition.getCurrentRepetition() % conversions.size()));
        String[] parts = pem.split("(?<=-----\n)|(?=-----END)|(?<=\n\n)");
        int longest = longest(parts);
        byte[] content = Base64.getMimeDecoder().decode(parts[longest]);
        for (int i = 0; i < 200; i++) {
            byte[] damaged = content.clone();
            damaged[random.nextInt(Math.min(damaged.length, 40))] = (byte) random.nextInt();
            parts[longest] = Base64.getMimeEncoder().encodeToString(damaged) + "\n";
            try {
                PrivateKeys.parse(String.join("", parts), PASSWORD::toCharArray);
            } catch (IllegalArgumentException expected) {
                assertTrue(expected.getMessage().startsWith("it"), expected.getMessage());
            }
        }
    }

    private static int longest(String[] parts) {
        int longest = 0;
        for (int i = 0; i < parts.length; i++) {
            longest = parts[i].length() > parts[longest].length() ? i : longest;
        }
        return longest;
    }

    private static String message(String pem) {
        return assertThrows(IllegalArgumentException.class, () -> PrivateKeys.parse(pem, PASSWORD::toCharArray))
                .getMessage();
    }

    private String converted(String plain, String conversion) throws Exception {
        Path file = Files.writeString(dir.resolve("plain.pem"), plain);
        boolean encrypts = conversion.matches(".*(-topk8|-aes|-des3|-camellia).*");
        return openssl(conversion + " -in " + file + (encrypts ? " -passout pass:" + PASSWORD : ""));
    }

    private String openssl(String arguments) throws IOException, InterruptedException {
        Path out = dir.resolve("out.pem");
        List<String> command = new ArrayList<>(List.of(("openssl " + arguments).split(" ")));
        command.addAll(List.of("-out", out.toString()));
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertTrue(process.waitFor(60, TimeUnit.SECONDS));
            assertEquals(0, process.exitValue(), said);
        } catch (IOException e) {
            assumeTrue(false, "openssl is not installed");
        }
        return Files.readString(out);
    }
}
