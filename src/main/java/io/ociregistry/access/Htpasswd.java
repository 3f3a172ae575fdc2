package io.ociregistry.access;

import at.favre.lib.crypto.bcrypt.BCrypt;
import at.favre.lib.crypto.bcrypt.LongPasswordStrategies;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Users of an {@code htpasswd} file, with bcrypt hashes of their passwords. Immutable.
 *
 * <p>If all hashes have one cost, the time of a check does not reveal whether a user exists.
 */
final class Htpasswd {
    private static final Pattern BCRYPT = Pattern.compile("\\$2[aby]\\$(\\d\\d)\\$[./A-Za-z0-9]{53}");
    private static final int LEAST_COST = 4;
    /** Takes some seconds of processor time. Each step doubles the time, and every client can cause it. */
    private static final int HIGHEST_COST = 15;

    /** bcrypt uses the first 72 bytes of a password; htpasswd and other programs ignore the rest. */
    private static final BCrypt.Verifyer VERIFIER =
            BCrypt.verifyer(null, LongPasswordStrategies.truncate(BCrypt.Version.VERSION_2A));

    private static final String ADVICE = "; make it with: htpasswd -B";

    private final Map<String, String> hashes;
    /** A hash that no password has, so that the check of an unknown user takes as long as that of a known one. */
    private final String dummyHash;

    private Htpasswd(Map<String, String> hashes) {
        this.hashes = Map.copyOf(hashes);
        this.dummyHash = "$2b$%02d$".formatted(highestCost(hashes.values())) + ".".repeat(53);
    }

    /**
     * Parses a file.
     *
     * @throws IllegalArgumentException if a hash is not bcrypt, or there are no users, as while the file is being
     *     written; the message gives the line number and quotes nothing
     */
    static Htpasswd parse(byte[] file) {
        List<String> lines = new String(file, StandardCharsets.UTF_8)
                .lines()
                .map(String::strip)
                .toList();
        Map<String, String> hashes = new HashMap<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (!line.isEmpty() && !line.startsWith("#")) {
                add(line, i + 1, hashes);
            }
        }
        if (hashes.isEmpty()) {
            throw new IllegalArgumentException("it has no users" + ADVICE);
        }
        return new Htpasswd(hashes);
    }

    private static void add(String line, int number, Map<String, String> hashes) {
        String where = "its line " + number;
        int colon = line.indexOf(':');
        if (colon < 1) {
            throw new IllegalArgumentException(where + " is not user:hash" + ADVICE);
        }
        String hash = line.substring(colon + 1);
        Matcher bcrypt = BCRYPT.matcher(hash);
        if (!bcrypt.matches()) {
            throw new IllegalArgumentException(
                    where + " has " + describe(hash) + ", and only bcrypt is accepted" + ADVICE);
        }
        int cost = Integer.parseInt(bcrypt.group(1));
        if (cost < LEAST_COST || cost > HIGHEST_COST) {
            throw new IllegalArgumentException(where + " has a bcrypt hash of cost " + cost + ", which must be "
                    + LEAST_COST + " to " + HIGHEST_COST + ADVICE + " -C 10");
        }
        if (hashes.put(line.substring(0, colon), hash) != null) {
            throw new IllegalArgumentException(where + " repeats a user; remove one of the lines");
        }
    }

    private static String describe(String hash) {
        if (hash.startsWith("$apr1$") || hash.startsWith("$1$")) {
            return "an MD5 hash";
        }
        if (hash.startsWith("{SHA}")) {
            return "a SHA-1 hash";
        }
        return hash.startsWith("$5$") || hash.startsWith("$6$") ? "a SHA-2 hash" : "no bcrypt hash";
    }

    private static int highestCost(Collection<String> hashes) {
        return hashes.stream()
                .mapToInt(hash -> Integer.parseInt(hash.substring(4, 6)))
                .max()
                .orElse(LEAST_COST);
    }

    /** Returns whether this is the password of the user. Takes tens of milliseconds of processor time, or more. */
    boolean matches(String user, byte[] password) {
        String known = hashes.get(user);
        return isPassword(password, known == null ? dummyHash : known) && known != null;
    }

    private static boolean isPassword(byte[] password, String hash) {
        return VERIFIER.verify(password, hash.getBytes(StandardCharsets.US_ASCII)).verified;
    }
}
