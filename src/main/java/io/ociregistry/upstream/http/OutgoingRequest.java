package io.ociregistry.upstream.http;

import io.ociregistry.upstream.RequestKind;
import java.net.URI;
import java.util.List;
import org.apache.hc.core5.http.NameValuePair;

/**
 * The content of one request to a registry, before authentication and redirects.
 *
 * @param repository the name of the repository at that registry, for which a token is asked
 * @param description the action and the full reference, with which error messages start
 * @param headers headers of this request; {@code Via}, {@code Accept-Encoding} and {@code Authorization} are added
 */
record OutgoingRequest(
        RequestKind kind,
        String method,
        URI uri,
        String repository,
        String description,
        List<? extends NameValuePair> headers) {}
