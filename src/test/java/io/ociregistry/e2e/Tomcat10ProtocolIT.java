package io.ociregistry.e2e;

/** The WAR in Debian's Tomcat speaks the protocol. */
class Tomcat10ProtocolIT extends ContainerProtocol {
    Tomcat10ProtocolIT() {
        super(Containers.TOMCAT_10);
    }
}
