package io.ociregistry.e2e;

/** Tests the protocol on the WAR under a context path. */
class Tomcat10ContextPathProtocolIT extends ContainerProtocol {
    Tomcat10ContextPathProtocolIT() {
        super(Containers.TOMCAT_10_UNDER_A_CONTEXT_PATH);
    }
}
