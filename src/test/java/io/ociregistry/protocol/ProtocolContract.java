package io.ociregistry.protocol;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * The contract of the HTTP API, tested on raw sockets. Every deployment passes the same tests: the fat jar, the WAR in
 * Tomcat, and the WAR in stock Jetty, at the root and under a context path. A subclass only starts the server.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
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

    @Nested
    class Health extends HealthTopic {
        @Override
        Stage stage() {
            return stage;
        }
    }

    @Nested
    class Routing extends RoutingTopic {
        @Override
        Stage stage() {
            return stage;
        }
    }

    @Nested
    class Manifests extends ManifestTopic {
        @Override
        Stage stage() {
            return stage;
        }
    }

    @Nested
    class ManifestSizes extends ManifestSizeTopic {
        @Override
        Stage stage() {
            return stage;
        }
    }

    @Nested
    class Blobs extends BlobTopic {
        @Override
        Stage stage() {
            return stage;
        }
    }

    @Nested
    class Streaming extends StreamingTopic {
        @Override
        Stage stage() {
            return stage;
        }
    }

    @Nested
    class BrokenTransfers extends BrokenTransferTopic {
        @Override
        Stage stage() {
            return stage;
        }
    }

    @Nested
    class RangesOfCached extends RangeTopic {
        @Override
        Stage stage() {
            return stage;
        }

        @Override
        State state() {
            return State.CACHED;
        }
    }

    @Nested
    class RangesOfArriving extends RangeTopic {
        @Override
        Stage stage() {
            return stage;
        }

        @Override
        State state() {
            return State.ARRIVING;
        }
    }

    @Nested
    class RangesOfUnknown extends RangeTopic {
        @Override
        Stage stage() {
            return stage;
        }

        @Override
        State state() {
            return State.UNKNOWN;
        }
    }

    @Nested
    class TagsLists extends TagsListTopic {
        @Override
        Stage stage() {
            return stage;
        }
    }

    @Nested
    class Referrers extends ReferrersTopic {
        @Override
        Stage stage() {
            return stage;
        }
    }

    @Nested
    class Administration extends AdminTopic {
        @Override
        Stage stage() {
            return stage;
        }
    }

    @Nested
    class Requests extends RequestTopic {
        @Override
        Stage stage() {
            return stage;
        }
    }

    @Nested
    class UpstreamErrors extends UpstreamErrorTopic {
        @Override
        Stage stage() {
            return stage;
        }
    }
}
