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

/** Random secrets, each with a name, and the search for any of them in whatever form they are told. */
final class Secrets {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final String ACCOUNT = "robot";

    private final Map<String, String> names = new LinkedHashMap<>();

    /** A password of letters and of what URLs and JSON write otherwise. */
    String password(String name) {
        return remember(name, random() + "\"%/+");
    }

    /** One that a header may have as it is. */
    String token(String name) {
        return remember(name, random() + "/+==");
    }

    /** What is found by that text. */
    String remember(String name, String secret) {
        for (String form : forms(secret)) {
            names.put(form, name);
        }
        return secret;
    }

    /** Its user in every account of this test. */
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

    /** What is told in a text, each with what is around it. */
    List<String> toldIn(String where, String text) {
        TreeSet<String> told = new TreeSet<>();
        names.forEach((form, name) -> {
            int at = text.indexOf(form);
            if (at >= 0) {
                String around = text.substring(Math.max(0, at - 200), Math.min(text.length(), at + 100));
                told.add(name + " is told in " + where + ": ..." + around + "...");
            }
        });
        return new ArrayList<>(told);
    }

    /**
     * Its letters are the same raw, in URLs and in JSON; in base64 all is different, at each of the places that it
     * may have in there.
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
