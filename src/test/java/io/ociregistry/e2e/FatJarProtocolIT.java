package io.ociregistry.e2e;

/** Tests the protocol on the fat jar. */
class FatJarProtocolIT extends ContainerProtocol {
    FatJarProtocolIT() {
        super(Containers.FAT_JAR);
    }
}
