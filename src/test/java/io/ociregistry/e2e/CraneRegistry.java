package io.ociregistry.e2e;

import java.net.URI;
import java.util.List;
import java.util.Map;

/** The in-memory registry of crane on loopback, without TLS; unlike docker-registry it has the referrers API. */
record CraneRegistry(String hostAndPort, Program program) implements AutoCloseable {
    static CraneRegistry start() {
        Peers.require("crane");
        var port = Loopback.freePort();
        var address = Loopback.ADDRESS + ":" + port;
        var program =
                Program.start("crane-registry", Map.of(), List.of("crane", "registry", "serve", "--address", address));
        program.waitUntil("it accepts connections", () -> Loopback.accepts(port));
        return new CraneRegistry(address, program);
    }

    URI url() {
        return URI.create("http://" + hostAndPort);
    }

    @Override
    public void close() {
        program.close();
    }
}
