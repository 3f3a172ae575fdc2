package io.ociregistry.protocol;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestInstances;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The contract of the HTTP API, tested on raw sockets. Every deployment passes the same tests: the fat jar, the WAR in
 * Tomcat, and the WAR in stock Jetty, at the root and under a context path. A subclass only starts the server.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ExtendWith(ProtocolContract.StageInTopics.class)
public abstract class ProtocolContract implements ServerUnderTest.Factory {
    private Stage stage;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        stage = new Stage(this, directory);
    }

    @AfterAll
    void stop() {
        if (stage != null) {
            stage.close();
        }
    }

    /** Gives each topic the stage of its contract. */
    static final class StageInTopics implements BeforeEachCallback {
        @Override
        public void beforeEach(ExtensionContext context) {
            TestInstances instances = context.getRequiredTestInstances();
            Stage stage = instances.findInstance(ProtocolContract.class).orElseThrow().stage;
            instances.findInstance(Topic.class).orElseThrow().stage(stage);
        }
    }

    @Nested
    class Health extends HealthTopic {}

    @Nested
    class Routing extends RoutingTopic {}

    @Nested
    class Manifests extends ManifestTopic {}

    @Nested
    class ManifestSizes extends ManifestSizeTopic {}

    @Nested
    class Blobs extends BlobTopic {}

    @Nested
    class Streaming extends StreamingTopic {}

    @Nested
    class BrokenTransfers extends BrokenTransferTopic {}

    @Nested
    @ParameterizedClass
    @EnumSource(RangeTopic.State.class)
    class Ranges extends RangeTopic {}

    @Nested
    class TagsLists extends TagsListTopic {}

    @Nested
    class Referrers extends ReferrersTopic {}

    @Nested
    class Administration extends AdminTopic {}

    @Nested
    class Requests extends RequestTopic {}

    @Nested
    class HostsToml extends HostsTopic {}

    @Nested
    class StatusPage extends StatusPageTopic {}

    @Nested
    class UpstreamErrors extends UpstreamErrorTopic {}
}
