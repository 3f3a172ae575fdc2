package io.ociregistry.e2e;

/** Tests the protocol on the WAR in stock Tomcat 11. */
class Tomcat11ProtocolIT extends ContainerProtocol {
    Tomcat11ProtocolIT() {
        super(Containers.TOMCAT_11);
    }
}
