package io.ociregistry.e2e;

/** Tests the protocol on the WAR in stock Jetty. */
class JettyHomeProtocolIT extends ContainerProtocol {
    JettyHomeProtocolIT() {
        super(Containers.JETTY_HOME);
    }
}
