package io.ociregistry.e2e;

/** The WAR speaks the protocol under a context path. */
class Tomcat10ContextPathProtocolIT extends ContainerProtocol {
    Tomcat10ContextPathProtocolIT() {
        super(Containers.TOMCAT_10_UNDER_A_CONTEXT_PATH);
    }
}
