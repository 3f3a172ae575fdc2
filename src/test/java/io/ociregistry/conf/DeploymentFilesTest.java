package io.ociregistry.conf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import io.ociregistry.config.ConfigLocation;
import io.ociregistry.config.ServerConfig;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks the files under conf/ that other programs read. */
class DeploymentFilesTest {
    private static final Path UNIT = Path.of("conf/systemd/ociregistry.service");

    @TempDir
    Path dir;

    @ParameterizedTest
    @CsvSource({
        "Unit.After, network.target",
        "Service.Restart, on-failure",
        "Service.RestartPreventExitStatus, 78",
        "Service.Type, notify",
        "Service.NotifyAccess, all",
        "Service.ExecReload, /bin/kill -HUP $MAINPID",
        "Service.DynamicUser, yes",
        "Service.StateDirectory, ociregistry",
        "Service.CacheDirectory, ociregistry",
        "Service.NoNewPrivileges, yes",
        "Service.ProtectSystem, strict",
        "Service.ProtectHome, yes",
        "Service.PrivateTmp, yes",
        "Service.CapabilityBoundingSet, ''",
        "Service.SystemCallFilter, @system-service",
        "Service.MemoryDenyWriteExecute, no",
    })
    void unitIsHardened(String key, String value) throws Exception {
        assertEquals(value, ini(UNIT).get(key));
    }

    @Test
    void unitGivesServerTimeToDrain() throws Exception {
        var seconds = Long.parseLong(ini(UNIT).get("Service.TimeoutStopSec"));
        assertTrue(seconds > ServerConfig.defaults().shutdownTimeout().toSeconds() + 5);
    }

    @Test
    void unitAndServerUseSameImagePath() throws Exception {
        assertEquals(
                ServerConfig.defaults().imagePath(),
                Path.of("/var/lib", ini(UNIT).get("Service.StateDirectory")));
    }

    @Test
    void systemdAcceptsUnit() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/systemd-analyze")), "systemd-analyze is not installed");
        var launcher = Path.of("ociregistry").toAbsolutePath().toString();
        var copy = Files.writeString(
                dir.resolve("ociregistry.service"),
                Files.readString(UNIT).replace("/usr/share/ociregistry/ociregistry", launcher));
        var process = new ProcessBuilder("/usr/bin/systemd-analyze", "verify", copy.toString())
                .redirectErrorStream(true)
                .start();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        assertTrue(output.lines().noneMatch(line -> line.contains("ociregistry.service")), output);
    }

    @Test
    void tomcatCanWriteToCache() throws Exception {
        var lines = Files.readAllLines(Path.of("conf/systemd/tomcat10-ociregistry.conf"));
        assertTrue(lines.contains("[Service]"));
        assertTrue(lines.contains("ReadWritePaths=" + ServerConfig.defaults().imagePath()));
        assertTrue(lines.contains("Environment=" + ConfigLocation.VARIABLE + "=/etc/ociregistry/config.yaml"));
    }

    @Test
    void containerdAsksCacheForAllRegistries() throws Exception {
        var toml = new TomlMapper()
                .readTree(Path.of("conf/containerd/_default/hosts.toml").toFile());
        var host = toml.path("host")
                .path("http://localhost:" + ServerConfig.defaults().port());
        var capabilities = StreamSupport.stream(host.path("capabilities").spliterator(), false)
                .map(node -> node.asText())
                .toList();
        assertEquals(List.of("pull", "resolve"), capabilities);
        assertNotNull(host.get("dial_timeout"));
    }

    private static Map<String, String> ini(Path file) throws Exception {
        var values = new HashMap<String, String>();
        var section = "";
        for (var line : Files.readAllLines(file)) {
            if (line.startsWith("[")) {
                section = line.substring(1, line.length() - 1);
            } else if (!line.startsWith("#") && line.contains("=")) {
                int equals = line.indexOf('=');
                values.put(section + "." + line.substring(0, equals), line.substring(equals + 1));
            }
        }
        return values;
    }
}
