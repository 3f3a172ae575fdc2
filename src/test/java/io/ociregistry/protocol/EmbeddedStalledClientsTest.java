package io.ociregistry.protocol;

import io.ociregistry.standalone.jetty.TunedServer;
import io.ociregistry.testing.RunningRegistry;
import java.net.URI;
import java.nio.file.Path;

/** Runs the contract for stalled clients on the embedded server of the fat jar. */
class EmbeddedStalledClientsTest extends StalledClientsContract {
    @Override
    public ServerUnderTest start(String registries, Path directory) throws Exception {
        RunningRegistry running = RunningRegistry.start(
                "registries:\n" + registries.indent(2), directory, new TunedServer(THREADS, SEND_BUFFER)::start);
        return new ServerUnderTest() {
            @Override
            public URI base() {
                return running.base();
            }

            @Override
            public Path imagePath() {
                return running.imagePath();
            }

            @Override
            public void close() {
                running.close();
            }
        };
    }
}
