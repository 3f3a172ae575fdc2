package io.ociregistry.common;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;

/**
 * The user that this process runs as.
 *
 * @param name the name of the user in the system; {@code ?} if it is not known
 * @param uid the user id that decides about access to files; empty on systems without {@code /proc}
 */
public record ProcessUser(String name, OptionalInt uid) {
    /**
     * Lists the real, effective, saved and file system user id. The owner of this file is not used, because it is root
     * if the java binary has capabilities.
     */
    private static final Path STATUS = Path.of("/proc/self/status");

    private static final int FILE_SYSTEM_UID = 4;

    /** Reads the user that this process runs as now. */
    public static ProcessUser current() {
        return new ProcessUser(System.getProperty("user.name", "?"), readUid());
    }

    private static OptionalInt readUid() {
        try (var lines = Files.lines(STATUS, StandardCharsets.ISO_8859_1)) {
            return lines.filter(line -> line.startsWith("Uid:"))
                    .mapToInt(line -> Integer.parseInt(line.split("\\s+", -1)[FILE_SYSTEM_UID]))
                    .findFirst();
        } catch (IOException | RuntimeException notLinux) {
            return OptionalInt.empty();
        }
    }

    @Override
    public String toString() {
        return uid.isPresent() ? describe(name, uid.getAsInt()) : name;
    }

    /** Formats a user with name and number. Java uses the number as the name of a user that has no name. */
    static String describe(String name, int uid) {
        return name.equals(String.valueOf(uid)) || name.equals("?") ? "uid " + uid : name + " (uid " + uid + ")";
    }

    /** Returns the user as an argument for {@code chown}. */
    String chownArgument() {
        return name.equals("?") && uid.isPresent() ? String.valueOf(uid.getAsInt()) : name;
    }
}
