package io.ociregistry.conf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** Parses the recipes in docs/clients.md as the programs that read them do. */
class ClientsPageTest {
    private static final Path PAGE = Path.of("docs/clients.md");
    private static final Pattern SECTION = Pattern.compile("^## (.*)\n", Pattern.MULTILINE);
    private static final Pattern BLOCK =
            Pattern.compile("^ *```(toml|yaml|json)\n(.*?)^ *```", Pattern.DOTALL | Pattern.MULTILINE);
    private static final JsonMapper JSON = JsonMapper.builder().build();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "containerd | /0/plugins/io.containerd.grpc.v1.cri/registry/config_path | /etc/containerd/certs.d",
                "containerd | /0/plugins/io.containerd.cri.v1.images/registry/config_path | /etc/containerd/certs.d",
                "k3s, RKE2 | /0/mirrors/*/endpoint/0 | http://ADDRESS:8080",
                "k3s, RKE2 | /1/mirrors/*/endpoint/0 | https://ADDRESS:8080",
                "k3s, RKE2 | /1/configs/ADDRESS:8080/auth/username | node",
                "k3s, RKE2 | /1/configs/ADDRESS:8080/tls/ca_file | /etc/rancher/cache-ca.pem",
                "Talos | /0/kind | RegistryMirrorConfig",
                "Talos | /0/name | *",
                "Talos | /0/endpoints/0/url | http://ADDRESS:8080",
                "Talos | /1/machine/registries/mirrors/*/endpoints/0 | http://ADDRESS:8080",
                "Spegel first | /0/spegel/prependExisting | true",
                "Spegel first | /1/host/http:~1~1ADDRESS:8080/capabilities/1 | resolve",
                "podman, skopeo, CRI-O | /0/registry/0/mirror/0/location | ADDRESS:8080/quay.io",
                "Docker | /0/registry-mirrors/0 | http://ADDRESS:8080",
                "BuildKit | /0/registry/quay.io/mirrors/0 | ADDRESS:8080",
                "BuildKit | /0/registry/ADDRESS:8080/http | true",
                "TLS and passwords | /1/host/https:~1~1ADDRESS:8080/header/Authorization/0 | Bearer TOKEN",
            })
    void recipeHasServer(String section, String pointer, String value) throws IOException {
        JsonNode found = recipes().get(section).at(pointer);
        assertEquals(value, found.asText(), recipes().get(section)::toString);
    }

    /** Commands have no language; every other block is parsed by {@link #recipes}. */
    @Test
    void everyBlockIsRecipeOrCommand() throws IOException {
        Pattern fence = Pattern.compile("^ *```([a-z]*)\n", Pattern.MULTILINE);
        List<String> languages = fence.matcher(Files.readString(PAGE))
                .results()
                .map(start -> start.group(1))
                .filter(language -> !language.isEmpty())
                .toList();
        assertEquals(
                languages.size(),
                recipes().values().stream().mapToInt(ArrayNode::size).sum());
        recipes().forEach((section, parsed) -> parsed.forEach(recipe -> assertFalse(recipe.isEmpty(), section)));
    }

    /** containerd tries the hosts in the order of the file. */
    @Test
    void spegelIsAskedFirst() throws IOException {
        List<String> hosts = new ArrayList<>();
        recipes().get("Spegel first").at("/1/host").fieldNames().forEachRemaining(hosts::add);
        assertEquals(List.of("http://NODE:30020", "http://ADDRESS:8080"), hosts);
    }

    /** Returns the parsed blocks of each section, in their order. */
    private static Map<String, ArrayNode> recipes() throws IOException {
        Map<String, ArrayNode> recipes = new LinkedHashMap<>();
        String[] texts = SECTION.split(Files.readString(PAGE), -1);
        var titles = SECTION.matcher(Files.readString(PAGE)).results().toList();
        for (int i = 0; i < titles.size(); i++) {
            ArrayNode parsed = JSON.createArrayNode();
            for (var block : BLOCK.matcher(texts[i + 1]).results().toList()) {
                parsed.add(parse(block.group(1), block.group(2).stripIndent()));
            }
            recipes.put(titles.get(i).group(1), parsed);
        }
        return recipes;
    }

    private static JsonNode parse(String language, String text) throws IOException {
        return switch (language) {
            case "toml" -> new TomlMapper().readTree(text);
            case "json" -> JSON.readTree(text);
            default -> JSON.valueToTree(new Yaml(new SafeConstructor(new LoaderOptions())).<Object>load(text));
        };
    }
}
