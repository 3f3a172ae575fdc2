package io.ociregistry.e2e;

/** The WAR in stock Jetty speaks the protocol. */
class JettyHomeProtocolIT extends ContainerProtocol {
    JettyHomeProtocolIT() {
        super(Containers.JETTY_HOME);
    }
}
