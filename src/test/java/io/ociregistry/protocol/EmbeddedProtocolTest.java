package io.ociregistry.protocol;

import io.ociregistry.testing.RunningRegistry;
import java.net.URI;
import java.nio.file.Path;

/** The protocol as the embedded server of the fat jar speaks it. */
class EmbeddedProtocolTest extends ProtocolContract {
    @Override
    public ServerUnderTest start(String registries, Path directory) throws Exception {
        RunningRegistry running = RunningRegistry.start("registries:\n" + registries.indent(2), directory);
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
