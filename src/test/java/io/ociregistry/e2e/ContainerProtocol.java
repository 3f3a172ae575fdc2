package io.ociregistry.e2e;

import io.ociregistry.protocol.ProtocolContract;
import io.ociregistry.protocol.ServerUnderTest;
import java.net.URI;
import java.nio.file.Path;
import java.util.function.Function;

/** Runs the protocol suite against a container; each container has a subclass. */
abstract class ContainerProtocol extends ProtocolContract {
    private final Containers container;

    ContainerProtocol(Containers container) {
        this.container = container;
    }

    @Override
    public ServerUnderTest start(String registries, Path directory) {
        return start(container::start, registries, directory);
    }

    static ServerUnderTest start(Function<Configuration, Container> container, String registries, Path directory) {
        Configuration configuration = Configuration.in(directory, registries);
        Container running = container.apply(configuration);
        return new ServerUnderTest() {
            @Override
            public URI base() {
                return running.url();
            }

            @Override
            public Path imagePath() {
                return configuration.imagePath();
            }

            @Override
            public void append(String yaml) {
                configuration.with(yaml);
            }

            @Override
            public void close() {
                running.close();
            }
        };
    }
}
