package io.ociregistry.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the README shows can be used as it stands. */
class ReadmeTest {
    private static final Path README = Path.of("README.md");

    @Test
    void itsConfigurationIsOne() throws Exception {
        Matcher block = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(README));
        List<ServerConfig> configurations = new ArrayList<>();
        while (block.find()) {
            ConfigLoader.Result result =
                    new ConfigLoader(variable -> Optional.of("x")).parse(block.group(1), "README.md", Overrides.none());
            assertEquals(List.of(), result.warnings());
            configurations.add(result.config());
        }
        assertEquals(3, configurations.size());
        assertEquals(3, configurations.get(0).registries().size());
        assertEquals(2, configurations.get(1).registries().size());
        assertEquals(ClientAuth.VERIFY, configurations.get(2).serverTlsConfig().clientAuth());
        assertTrue(configurations.get(2).clients().htpasswd().isPresent());
    }

    @Test
    void theFilesThatItNamesAreThere() throws Exception {
        Matcher link = Pattern.compile("]\\(([^)#:]+)\\)").matcher(Files.readString(README));
        while (link.find()) {
            assertTrue(Files.exists(Path.of(link.group(1))), link.group(1));
        }
    }
}
