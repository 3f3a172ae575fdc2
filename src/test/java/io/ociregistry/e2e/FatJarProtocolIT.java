package io.ociregistry.e2e;

/** The fat jar speaks the protocol. */
class FatJarProtocolIT extends ContainerProtocol {
    FatJarProtocolIT() {
        super(Containers.FAT_JAR);
    }
}
