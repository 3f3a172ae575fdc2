package io.ociregistry.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Checks that the configurations in docs/mirrors.md are valid. */
class MirrorsPageTest {
    @Test
    void shownConfigurationsAreValid() throws Exception {
        Matcher block = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of("docs/mirrors.md")));
        List<Integer> mirrors = new ArrayList<>();
        while (block.find()) {
            ConfigLoader.Result result = new ConfigLoader(variable -> Optional.of("x"))
                    .parse(block.group(1), "mirrors.md", Overrides.none());
            assertEquals(List.of(), result.warnings());
            result.config()
                    .registries()
                    .forEach(registry -> mirrors.add(registry.mirrors().size()));
        }
        assertEquals(List.of(3, 1, 1, 1, 1), mirrors);
    }
}
