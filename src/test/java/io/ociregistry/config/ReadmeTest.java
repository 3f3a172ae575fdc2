package io.ociregistry.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.model.ServerTlsConfig.ClientAuth;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Checks the configurations and the links in the README and in the documentation. */
class ReadmeTest {
    private static final Path README = Path.of("README.md");

    @Test
    void shownConfigurationsAreValid() throws Exception {
        assertEquals(
                3, onlyConfiguration("docs/configuration.md", "").registries().size());
        assertEquals(2, onlyConfiguration("docs/links.md", "").registries().size());
        ServerConfig clients = onlyConfiguration("docs/clients.md", "serverTlsConfig:");
        assertEquals(ClientAuth.VERIFY, clients.serverTlsConfig().clientAuth());
        assertTrue(clients.clients().htpasswd().isPresent());
    }

    /** Returns the only block of YAML on a page that starts with this text; other programs have YAML too. */
    private static ServerConfig onlyConfiguration(String page, String start) throws Exception {
        Matcher block = Pattern.compile("```yaml\n(" + start + ".*?)```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of(page)));
        assertTrue(block.find(), page);
        ConfigLoader.Result result =
                new ConfigLoader(variable -> Optional.of("x")).parse(block.group(1), page, Overrides.none());
        assertEquals(List.of(), result.warnings());
        assertFalse(block.find(), page);
        return result.config();
    }

    @Test
    void linksLeadToFilesAndHeadings() throws Exception {
        List<Path> pages = new ArrayList<>(List.of(README, Path.of("CONTRIBUTING.md"), Path.of("CHANGELOG.md")));
        try (var docs = Files.walk(Path.of("docs"))) {
            docs.filter(page -> page.toString().endsWith(".md")).forEach(pages::add);
        }
        for (Path page : pages) {
            Matcher link = Pattern.compile("]\\(([^)#:]*)(?:#([^)]*))?\\)").matcher(Files.readString(page));
            while (link.find()) {
                Path target = link.group(1).isEmpty() ? page : page.resolveSibling(link.group(1));
                assertTrue(Files.exists(target), page + " names " + link.group(1));
                if (link.group(2) != null) {
                    assertTrue(anchors(target).contains(link.group(2)), page + " names " + link.group());
                }
            }
        }
    }

    /** The anchors that a web page of the file has for its headings. */
    private static List<String> anchors(Path page) throws IOException {
        List<String> anchors = new ArrayList<>();
        for (String line : Files.readAllLines(page)) {
            if (line.startsWith("#")) {
                String anchor = line.replaceFirst("^#+ ", "")
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^a-z0-9 _-]", "")
                        .replace(' ', '-');
                anchors.add(anchors.contains(anchor) ? anchor + "-1" : anchor);
            }
        }
        return anchors;
    }
}
