package io.ociregistry.e2e;

import java.math.BigInteger;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Random named secrets, and the search for any of them in every encoding. */
final class Secrets {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final String ACCOUNT = "robot";

    private final Map<String, String> names = new LinkedHashMap<>();

    /** Returns a password with characters that URLs and JSON escape. */
    String password(String name) {
        return remember(name, random() + "\"%/+");
    }

    /** Returns a secret that a header can contain unescaped. */
    String token(String name) {
        return remember(name, random() + "/+==");
    }

    /** Registers a secret for the search, and returns it. */
    String remember(String name, String secret) {
        for (String form : forms(secret)) {
            names.put(form, name);
        }
        return secret;
    }

    /** Returns the user name of every account of this test. */
    static String user() {
        return ACCOUNT;
    }

    static String basic(String secret) {
        byte[] both = (ACCOUNT + ":" + secret).getBytes(StandardCharsets.UTF_8);
        return "Basic " + Base64.getEncoder().encodeToString(both);
    }

    static String inUrl(String secret) {
        return URLEncoder.encode(secret, StandardCharsets.UTF_8);
    }

    static String inJson(String secret) {
        return secret.replace("\"", "\\\"");
    }

    /** Returns the secrets that a text contains, each with the surrounding text. */
    List<String> foundIn(String where, String text) {
        TreeSet<String> found = new TreeSet<>();
        names.forEach((form, name) -> {
            int at = text.indexOf(form);
            if (at >= 0) {
                String around = text.substring(Math.max(0, at - 200), Math.min(text.length(), at + 100));
                found.add(name + " is contained in " + where + ": ..." + around + "...");
            }
        });
        return new ArrayList<>(found);
    }

    /**
     * Returns the forms to search for: the letters, which are equal raw, in URLs and in JSON, and base64, which differs
     * for each position of the secret in the encoded text.
     */
    private static List<String> forms(String secret) {
        String letters = secret.replaceFirst("(\"%/|/)\\+.*", "");
        return List.of(
                letters, base64(secret), base64(ACCOUNT + ":" + secret), base64(":" + secret), base64("x:" + secret));
    }

    private static String base64(String text) {
        return Base64.getEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String random() {
        return "s3" + new BigInteger(80, RANDOM).setBit(80).toString(16);
    }
}
