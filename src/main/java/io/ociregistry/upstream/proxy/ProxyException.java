package io.ociregistry.upstream.proxy;

import io.ociregistry.upstream.address.Origin;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import org.apache.hc.core5.http.HttpResponse;
import org.jspecify.annotations.Nullable;

/** Reports that a proxy did not lead to its target. The message names the proxy, without credentials. */
public final class ProxyException extends IOException {
    private static final long serialVersionUID = 1L;
    static final int AUTHENTICATION_REQUIRED = 407;

    private ProxyException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /**
     * Creates the failure of a proxy that was not reached, or that broke the connection before the target was
     * connected.
     */
    static ProxyException of(HttpProxy proxy, Origin target, Exception e) {
        if (e instanceof UnknownHostException) {
            return new ProxyException("the name of " + proxy + ", which leads to " + target + ", can't be resolved", e);
        }
        if (e instanceof SocketTimeoutException) {
            return new ProxyException("no connection to " + target + " through " + proxy + " in time", e);
        }
        if (e instanceof ConnectException) {
            return new ProxyException(
                    "can't connect to " + proxy + ", which leads to " + target + ": " + e.getMessage(), e);
        }
        return new ProxyException(
                proxy + ", which leads to " + target + ", broke the connection: " + e.getMessage(), e);
    }

    /** Creates the failure of a proxy that answered the request itself. */
    static ProxyException refused(HttpProxy proxy, Origin target, HttpResponse answer) {
        int status = answer.getCode();
        String advice = status == AUTHENTICATION_REQUIRED ? ": " + proxy.advice() : "";
        return new ProxyException(
                proxy + " refused to connect to " + target + ": it answered " + status + advice, null);
    }
}
