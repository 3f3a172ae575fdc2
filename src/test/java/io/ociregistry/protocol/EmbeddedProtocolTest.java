package io.ociregistry.protocol;

import io.ociregistry.standalone.jetty.EmbeddedServer;
import io.ociregistry.testing.ReloadedRegistry;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;

/** Runs the protocol contract on the embedded server of the fat jar. */
class EmbeddedProtocolTest extends ProtocolContract {
    ReloadedRegistry.Starter starter() {
        return EmbeddedServer::start;
    }

    @Override
    public ServerUnderTest start(String registries, Path directory) throws Exception {
        ReloadedRegistry running = new ReloadedRegistry("registries:\n" + registries.indent(2), directory, starter());
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
            public void append(String yaml) throws IOException {
                running.append(yaml);
            }

            @Override
            public void close() {
                running.close();
            }
        };
    }
}
