package io.ociregistry.access;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;

/**
 * The users of an {@code htpasswd} file and their passwords, hashed with bcrypt. Whether somebody is known can't be told from how long an
 * answer takes, if all were hashed at the same cost.
 */
final class Htpasswd {
    private static final Pattern BCRYPT = Pattern.compile("\\$2[aby]\\$(\\d\\d)\\$[./A-Za-z0-9]{53}");
    private static final int LEAST_COST = 4;
    /** Some seconds of work; each step more doubles it, and anybody can make us do it. */
    private static final int HIGHEST_COST = 15;

    private static final String ADVICE = "; make it with: htpasswd -B";

    private final Map<String, String> hashes;
    /** Of no password, to spend the time on that a known user costs. */
    private final String nobody;

    private Htpasswd(Map<String, String> hashes) {
        this.hashes = Map.copyOf(hashes);
        this.nobody = "$2b$%02d$".formatted(highestCost(hashes.values())) + ".".repeat(53);
    }

    /**
     * Reads a file.
     *
     * @throws IllegalArgumentException for another hash than bcrypt's, or where there are no users, as in the midst of being written; the
     *     message tells the line and nothing of it
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
            throw new IllegalArgumentException(where + " has " + kind(hash) + ", and only bcrypt is taken" + ADVICE);
        }
        int cost = Integer.parseInt(bcrypt.group(1));
        if (cost < LEAST_COST || cost > HIGHEST_COST) {
            throw new IllegalArgumentException(where + " has a bcrypt hash of cost " + cost + ", which must be "
                    + LEAST_COST + " to " + HIGHEST_COST + ADVICE + " -C 10");
        }
        if (hashes.put(line.substring(0, colon), hash) != null) {
            throw new IllegalArgumentException(where + " has a user who is there already; remove one");
        }
    }

    private static String kind(String hash) {
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

    /** Whether that is the user's password. Takes tens of milliseconds of a processor, or more. */
    boolean matches(String user, byte[] password) {
        String known = hashes.get(user);
        return OpenBSDBCrypt.checkPassword(known == null ? nobody : known, password) && known != null;
    }
}
