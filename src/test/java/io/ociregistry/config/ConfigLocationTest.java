package io.ociregistry.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.yaml.ConfigException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigLocationTest {
    private final Map<String, String> properties = new HashMap<>();
    private final Map<String, String> environment = new HashMap<>();

    @TempDir
    Path dir;

    private ConfigLocation location;

    @BeforeEach
    void useEmptyEnvironment() {
        location = new ConfigLocation(
                name -> Optional.ofNullable(properties.get(name)),
                name -> Optional.ofNullable(environment.get(name)),
                dir.resolve("usual"));
    }

    @Test
    void firstSourceThatNamesFileWins() throws Exception {
        assertEquals(Optional.empty(), find(Optional.empty()));
        assertEquals(Optional.of(file("usual")), find(Optional.empty()));
        environment.put("OCIREGISTRY_CONFIG", file("env").toString());
        assertEquals(Optional.of(dir.resolve("env")), find(Optional.of("")));
        properties.put("ociregistry.config", file("property").toString());
        assertEquals(Optional.of(dir.resolve("property")), find(Optional.empty()));
        assertEquals(
                Optional.of(file("given")),
                find(Optional.of(dir.resolve("given").toString())));
    }

    @Test
    void namedFileMustExist() {
        environment.put("OCIREGISTRY_CONFIG", "/none");
        var error = assertThrows(ConfigException.class, () -> find(Optional.empty()));
        assertEquals(
                "the environment variable OCIREGISTRY_CONFIG names /none, which is not a file; correct or remove it",
                error.getMessage());
        var given = assertThrows(ConfigException.class, () -> find(Optional.of(dir.toString())));
        assertTrue(given.getMessage().startsWith("--config-file names " + dir));
    }

    @Test
    void fileIsReadWithSameEnvironment() throws Exception {
        environment.put("PW", "x");
        Files.writeString(file("usual"), "- {name: a, auth: {user: u, passwordFromEnv: PW}}");
        var config = location.load("", Optional.empty(), Overrides.none()).config();
        assertEquals(AuthConfig.basic("u", "x"), config.registries().get(0).auth());
    }

    @Test
    void withoutFileDefaultsAreUsed() throws Exception {
        var config = location.load("", Optional.empty(), Overrides.none().put(ServerKeys.PORT, "--port", "1"))
                .config();
        assertEquals(1, config.port());
    }

    private Optional<Path> find(Optional<String> given) throws ConfigException {
        return location.find("--config-file", given);
    }

    private Path file(String name) throws Exception {
        return Files.writeString(dir.resolve(name), "");
    }
}
