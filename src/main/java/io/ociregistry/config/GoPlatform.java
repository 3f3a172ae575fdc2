package io.ociregistry.config;

import java.util.Locale;

/** Converts Java's names of operating systems and processors to those of Go, which images use. */
final class GoPlatform {
    private GoPlatform() {}

    static String os() {
        return os(System.getProperty("os.name", ""));
    }

    static String arch() {
        return arch(System.getProperty("os.arch", ""));
    }

    static String os(String javaName) {
        var name = javaName.toLowerCase(Locale.ROOT);
        if (name.startsWith("windows")) {
            return "windows";
        }
        return name.startsWith("mac") ? "darwin" : name;
    }

    static String arch(String javaName) {
        var name = javaName.toLowerCase(Locale.ROOT);
        return switch (name) {
            case "x86_64" -> "amd64";
            case "aarch64" -> "arm64";
            case "x86", "i386", "i686" -> "386";
            case "loongarch64" -> "loong64";
            default -> name;
        };
    }
}
