package io.ociregistry.e2e;

/** Tests the protocol on the WAR in Debian's Tomcat. */
class Tomcat10ProtocolIT extends ContainerProtocol {
    Tomcat10ProtocolIT() {
        super(Containers.TOMCAT_10);
    }
}
