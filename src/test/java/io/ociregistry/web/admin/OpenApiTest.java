package io.ociregistry.web.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.metrics.TrafficHistory;
import io.ociregistry.registry.admin.CachedBlob;
import io.ociregistry.registry.admin.CachedImage;
import io.ociregistry.registry.admin.ProbedSource;
import io.ociregistry.registry.admin.ServerStatus;
import io.ociregistry.registry.archives.ArchiveUploads;
import io.ociregistry.registry.load.PreloadStatus;
import io.ociregistry.registry.prune.PruneReport;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** Compares docs/openapi.yaml with the admin API. */
class OpenApiTest {
    private static final Path FILE = Path.of("docs/openapi.yaml");
    private static final Set<String> METHODS =
            Set.of("get", "head", "post", "put", "patch", "delete", "options", "trace");

    @TempDir
    Path images;

    @Test
    void routesAreThoseOfTheApi() throws Exception {
        Set<String> served = new TreeSet<>();
        AdminTable.of(images).forEach((path, methods) -> methods.stream()
                .filter(method -> !method.equals("HEAD"))
                .forEach(method -> served.add(method + " " + path)));
        Set<String> written = new TreeSet<>();
        description().path("paths").properties().forEach(path -> path.getValue().properties().stream()
                .map(Map.Entry::getKey)
                .filter(METHODS::contains)
                .forEach(method -> written.add(method.toUpperCase(Locale.ROOT) + " " + path.getKey())));
        assertEquals(served, written);
    }

    @Test
    void schemasHaveTheFieldsOfTheAnswers() throws Exception {
        assertFields("Image", CachedImage.class);
        assertFields("Blob", CachedBlob.class);
        assertFields("Status", ServerStatus.class);
        assertFields("Pruned", PruneReport.class);
        assertFields("PrunedName", PruneReport.Name.class);
        assertFields("PrunedBlob", PruneReport.Blob.class);
        assertFields("Reloaded", Reload.Outcome.class);
        assertFields("Preload", PreloadStatus.class);
        assertFields("Traffic", TrafficHistory.Traffic.class);
        assertFields("Minute", TrafficHistory.Minute.class);
        assertFields("Upload", ArchiveUploads.Status.class);
        assertFields("ProbedSource", ProbedSource.class);
    }

    @Test
    void everyReferenceHasATarget() throws Exception {
        JsonNode description = description();
        for (String reference : description.findValuesAsText("$ref")) {
            assertTrue(!description.at(reference.substring(1)).isMissingNode(), reference);
        }
        assertEquals("3.0.3", description.path("openapi").asText());
    }

    private static void assertFields(String schema, Class<?> sent) throws Exception {
        Set<String> fields = new TreeSet<>();
        description()
                .at("/components/schemas/" + schema + "/properties")
                .fieldNames()
                .forEachRemaining(fields::add);
        Set<String> components = new TreeSet<>();
        Arrays.stream(sent.getRecordComponents()).map(RecordComponent::getName).forEach(components::add);
        assertEquals(components, fields, schema);
    }

    private static JsonNode description() throws Exception {
        Object yaml = new Yaml(new SafeConstructor(new LoaderOptions())).load(Files.readString(FILE));
        return JsonMapper.builder().build().valueToTree(yaml);
    }
}
