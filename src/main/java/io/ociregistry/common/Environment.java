package io.ociregistry.common;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The environment variables of this process, decoded as UTF-8 in every locale. Immutable.
 *
 * <p>Java decodes the variables by the locale and replaces the bytes that the locale does not have. Without a locale,
 * as in many services, every letter outside of ASCII is lost. On Linux this class decodes the bytes of
 * {@code /proc/self/environ}; on other systems it uses the text that Java decoded.
 */
public final class Environment {
    private static final Path BYTES = Path.of("/proc/self/environ");
    /** The character that Java decodes invalid bytes to. */
    private static final char REPLACEMENT = '\uFFFD';

    private final Map<String, String> decoded;
    private final Map<String, byte[]> bytes;

    private Environment(Map<String, String> decoded, Map<String, byte[]> bytes) {
        this.decoded = decoded;
        this.bytes = bytes;
    }

    public static Environment ofThisProcess() {
        try {
            return new Environment(System.getenv(), parse(Files.readAllBytes(BYTES)));
        } catch (IOException notLinux) {
            return new Environment(System.getenv(), Map.of());
        }
    }

    /**
     * Returns the value of a variable; empty if the variable is not set.
     *
     * @throws IllegalArgumentException if the value is not text in UTF-8; the message names the variable and does not
     *     quote its value
     */
    public Optional<String> get(String name) {
        String text = decoded.get(name);
        if (text == null) {
            return Optional.empty();
        }
        byte[] value = bytes.get(name);
        String result = value == null ? text : new String(value, StandardCharsets.UTF_8);
        if (result.indexOf(REPLACEMENT) >= 0) {
            throw new IllegalArgumentException("the environment variable " + name + " can't be read: "
                    + (value == null
                            ? "the locale does not have its letters; start this program with LC_ALL=C.UTF-8"
                            : "its value is not text in UTF-8; write it in UTF-8"));
        }
        return Optional.of(result);
    }

    /** Parses {@code NAME=value} entries that end with a zero byte. Of duplicates, the first is used, as in Java. */
    private static Map<String, byte[]> parse(byte[] block) {
        Map<String, byte[]> found = new HashMap<>();
        for (int start = 0; start < block.length; ) {
            int end = start;
            int equals = -1;
            for (; end < block.length && block[end] != 0; end++) {
                equals = equals < 0 && end > start && block[end] == '=' ? end : equals;
            }
            if (equals > 0) {
                String name = new String(block, start, equals - start, StandardCharsets.ISO_8859_1);
                found.putIfAbsent(name, Arrays.copyOfRange(block, equals + 1, end));
            }
            start = end + 1;
        }
        return found;
    }
}
