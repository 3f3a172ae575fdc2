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
 * The environment variables of this process as text in UTF-8, whatever the locale is. Immutable.
 *
 * <p>Java decodes them by the locale and replaces what it can't decode. A service without a locale loses every letter
 * beyond ASCII. Linux keeps the bytes; on other systems the text counts that Java gives.
 */
public final class Environment {
    private static final Path BYTES = Path.of("/proc/self/environ");
    /** Replaces bytes that can't be decoded. */
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
     * The value of a variable; empty if the variable is not set.
     *
     * @throws IllegalArgumentException if the value is not text in UTF-8; the message names the variable and tells
     *     nothing of the value
     */
    public Optional<String> get(String name) {
        String text = decoded.get(name);
        if (text == null) {
            return Optional.empty();
        }
        byte[] value = bytes.get(name);
        String read = value == null ? text : new String(value, StandardCharsets.UTF_8);
        if (read.indexOf(REPLACEMENT) >= 0) {
            throw new IllegalArgumentException("the environment variable " + name + " can't be read: "
                    + (value == null
                            ? "the locale does not have its letters; start this program with LC_ALL=C.UTF-8"
                            : "its value is not text in UTF-8; write it in UTF-8"));
        }
        return Optional.of(read);
    }

    /** {@code NAME=value}, each with a zero byte behind it. Of several with one name the first counts, as for Java. */
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
