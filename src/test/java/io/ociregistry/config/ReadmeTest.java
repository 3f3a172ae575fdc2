package io.ociregistry.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.model.ClientAuth;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the README and the pages beside it show can be used as it stands. */
class ReadmeTest {
    private static final Path README = Path.of("README.md");

    @Test
    void whatIsShownAsAConfigurationIsOne() throws Exception {
        assertEquals(3, onlyConfiguration("README.md").registries().size());
        assertEquals(2, onlyConfiguration("docs/links.md").registries().size());
        ServerConfig clients = onlyConfiguration("docs/clients.md");
        assertEquals(ClientAuth.VERIFY, clients.serverTlsConfig().clientAuth());
        assertTrue(clients.clients().htpasswd().isPresent());
    }

    private static ServerConfig onlyConfiguration(String page) throws Exception {
        Matcher block = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(Path.of(page)));
        assertTrue(block.find(), page);
        ConfigLoader.Result result =
                new ConfigLoader(variable -> Optional.of("x")).parse(block.group(1), page, Overrides.none());
        assertEquals(List.of(), result.warnings());
        assertFalse(block.find(), page);
        return result.config();
    }

    @Test
    void theFilesThatTheyNameAreThere() throws Exception {
        List<Path> pages = new ArrayList<>(List.of(README, Path.of("CONTRIBUTING.md")));
        try (var docs = Files.list(Path.of("docs"))) {
            docs.filter(page -> page.toString().endsWith(".md")).forEach(pages::add);
        }
        for (Path page : pages) {
            Matcher link = Pattern.compile("]\\(([^)#:]+)(?:#[^)]*)?\\)").matcher(Files.readString(page));
            while (link.find()) {
                assertTrue(Files.exists(page.resolveSibling(link.group(1))), page + " names " + link.group(1));
            }
        }
    }
}
