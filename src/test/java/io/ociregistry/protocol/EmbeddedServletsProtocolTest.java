package io.ociregistry.protocol;

import io.ociregistry.standalone.jetty.ServletsOnly;
import io.ociregistry.testing.ReloadedRegistry;

/** Runs the protocol contract on the embedded server without its handler of hits, so that servlets answer all. */
class EmbeddedServletsProtocolTest extends EmbeddedProtocolTest {
    @Override
    ReloadedRegistry.Starter starter() {
        return ServletsOnly::start;
    }
}
