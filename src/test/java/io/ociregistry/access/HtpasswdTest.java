package io.ociregistry.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HtpasswdTest {
    /** The first test vector of crypt_blowfish, the reference implementation of bcrypt. */
    private static final String VECTOR = "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

    private static final String ADVICE = "; make it with: htpasswd -B";
    private static final String ONLY_BCRYPT = ", and only bcrypt is accepted" + ADVICE;

    @ParameterizedTest
    @ValueSource(strings = {"$2a$", "$2b$", "$2y$"})
    void allVersionsOfBcryptAreAccepted(String version) {
        Htpasswd users = parse("# the nodes\n\nnode:" + version + "05$" + VECTOR + "\r\n");
        assertTrue(users.matches("node", bytes("U*U")));
        assertFalse(users.matches("node", bytes("U*V")));
        assertFalse(users.matches("node", bytes("")));
        assertFalse(users.matches("other", bytes("U*U")));
    }

    /** As htpasswd and the other programs that make bcrypt hashes do. */
    @ParameterizedTest
    @ValueSource(ints = {1, 71, 72, 73, 300})
    void first72BytesOfPasswordCount(int length) {
        String password = "ä23456789".repeat(40).substring(0, length);
        String hash = OpenBSDBCrypt.generate("2y", bytes(password), new byte[16], 4);
        Htpasswd users = parse("node:" + hash);

        assertTrue(users.matches("node", bytes(password)));
        assertFalse(users.matches("node", bytes("x" + password)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a:$apr1$xxxxxxxx$yyyyyyyyyyyyyyyyyyyyyy | its line 1 has an MD5 hash" + ONLY_BCRYPT,
                "a:{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE= | its line 1 has a SHA-1 hash" + ONLY_BCRYPT,
                "a:$6$salt$hash | its line 1 has a SHA-2 hash" + ONLY_BCRYPT,
                "a:plain | its line 1 has no bcrypt hash" + ONLY_BCRYPT,
                "a:$2y$05$half | its line 1 has no bcrypt hash" + ONLY_BCRYPT,
                "plain | its line 1 is not user:hash" + ADVICE,
                "a:$2y$31$" + VECTOR + " | its line 1 has a bcrypt hash of cost 31, which must be 4 to 15" + ADVICE
                        + " -C 10",
                "# comment | it has no users" + ADVICE,
            })
    void invalidLineIsRefusedAndNotQuoted(String file, String message) {
        assertEquals(
                message,
                assertThrows(IllegalArgumentException.class, () -> parse(file)).getMessage());
    }

    @Test
    void repeatedUserIsRefused() {
        String line = "a:$2y$05$" + VECTOR + "\n";
        assertEquals(
                "its line 2 repeats a user; remove one of the lines",
                assertThrows(IllegalArgumentException.class, () -> parse(line + line))
                        .getMessage());
    }

    @Test
    void unknownUserCostsTheTimeOfAKnownUser() {
        Htpasswd users = parse("node:" + hash("right", 9));
        long known = Long.MAX_VALUE;
        long unknown = Long.MAX_VALUE;
        for (int i = 0; i < 8; i++) {
            known = Math.min(known, time(users, "node"));
            unknown = Math.min(unknown, time(users, "unknown"));
        }
        assertTrue(unknown > known / 2 && unknown < known * 2, known + " and " + unknown + " ns");
    }

    private static long time(Htpasswd users, String user) {
        long before = System.nanoTime();
        assertFalse(users.matches(user, bytes("wrong")));
        return System.nanoTime() - before;
    }

    static String hash(String password, int cost) {
        return OpenBSDBCrypt.generate("2y", password.toCharArray(), new byte[16], cost);
    }

    private static Htpasswd parse(String file) {
        return Htpasswd.parse(bytes(file));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
