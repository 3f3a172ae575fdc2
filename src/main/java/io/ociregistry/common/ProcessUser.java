package io.ociregistry.common;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;

/**
 * The user that this process runs as.
 *
 * @param name as the system knows it
 * @param uid whose rights count for files; empty where the system does not say
 */
public record ProcessUser(String name, OptionalInt uid) {
    /**
     * Has all user ids: real, effective, saved, and the one that counts for files. Its owner would not do: it is root
     * if java has capabilities.
     */
    private static final Path STATUS = Path.of("/proc/self/status");

    private static final int OF_FILES = 4;

    /** Reads the current one. */
    public static ProcessUser now() {
        return new ProcessUser(System.getProperty("user.name", "?"), readUid());
    }

    private static OptionalInt readUid() {
        try (var lines = Files.lines(STATUS, StandardCharsets.ISO_8859_1)) {
            return lines.filter(line -> line.startsWith("Uid:"))
                    .mapToInt(line -> Integer.parseInt(line.split("\\s+", -1)[OF_FILES]))
                    .findFirst();
        } catch (IOException | RuntimeException elsewhere) {
            return OptionalInt.empty();
        }
    }

    @Override
    public String toString() {
        return uid.isPresent() ? described(name, uid.getAsInt()) : name;
    }

    /** A user with name and number; the name of a user without one is its number. */
    static String described(String name, int uid) {
        return name.equals(String.valueOf(uid)) || name.equals("?") ? "uid " + uid : name + " (uid " + uid + ")";
    }

    /** The user as {@code chown} takes it. */
    String argument() {
        return name.equals("?") && uid.isPresent() ? String.valueOf(uid.getAsInt()) : name;
    }
}
