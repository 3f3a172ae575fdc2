package io.ociregistry.e2e;

import io.ociregistry.protocol.ServerUnderTest;
import io.ociregistry.protocol.StalledClientsContract;
import java.nio.file.Path;

/** Tests clients that read no response, on the WAR in Debian's Tomcat. */
class Tomcat10StalledClientsIT extends StalledClientsContract {
    @Override
    public ServerUnderTest start(String registries, Path directory) {
        return ContainerProtocol.start(Tomcat.DEBIAN_10::startSmall, registries, directory);
    }
}
