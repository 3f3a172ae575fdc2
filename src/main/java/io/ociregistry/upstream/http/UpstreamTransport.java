package io.ociregistry.upstream.http;

import io.ociregistry.upstream.address.AllowedTargets;
import io.ociregistry.upstream.auth.Authenticator;
import io.ociregistry.upstream.net.UpstreamClients;

/**
 * The means by which every request of one upstream is sent.
 *
 * @param clients the connections
 * @param targets the upstream's own address, and the addresses to which it may redirect
 * @param pseudonym the name of this server in {@code Via}
 */
public record UpstreamTransport(
        UpstreamClients clients, AllowedTargets targets, Authenticator authenticator, String pseudonym) {}
