package io.ociregistry.standalone.command;

import io.ociregistry.common.BuildInfo;
import io.ociregistry.config.ServerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The text that the server prints when it starts. The options contain no secrets, and no part of the configuration that
 * may contain one is printed.
 */
record Banner(
        BuildInfo build,
        OffsetDateTime started,
        int port,
        Optional<String> tls,
        List<String> commandLine,
        ServerConfig config,
        String admin) {
    private static final String RULE = "-".repeat(70);
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS Z");

    String text() {
        return String.join(
                System.lineSeparator(),
                RULE,
                "OCI Registry: pull-only, pull-through, caching OCI Distribution server",
                "Version: " + build.version() + ", build date: " + build.date(),
                "Started: " + TIME.format(started) + " (port " + port + ")",
                "Running as (uid:gid) " + owner("uid") + ":" + owner("gid"),
                "Process id: " + ProcessHandle.current().pid(),
                "Tls: " + tls.orElse("none"),
                "Command line: ociregistry " + String.join(" ", commandLine),
                "Cache: " + config.imagePath().toAbsolutePath() + (config.airGapped() ? ", air-gapped" : ""),
                "Admin API: " + admin
                        + (config.admin().trustLoopback()
                                ? "; not needed from this machine (admin.trustLoopback)"
                                : ""),
                "Log level: " + config.logLevel().name().toLowerCase(Locale.ROOT)
                        + config.logFile().map(file -> ", to " + file).orElse(""),
                RULE);
    }

    private static String owner(String attribute) {
        try {
            return Files.getAttribute(Path.of("/proc/self"), "unix:" + attribute)
                    .toString();
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return "?";
        }
    }
}
