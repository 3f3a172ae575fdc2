package io.ociregistry.standalone;

import java.net.BindException;
import java.nio.channels.UnresolvedAddressException;
import org.jspecify.annotations.Nullable;

/** Why a port can't be listened on, and what to do, in words instead of the system's and Java's. */
final class ListenFailure {
    private ListenFailure() {}

    static StartException of(String host, int port, Exception failure) {
        return new StartException("cannot listen on " + host + ":" + port + ": " + why(failure), failure);
    }

    private static String why(Exception failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException) {
                return "that host is neither an address nor a name that can be resolved; correct --host";
            }
            if (cause instanceof BindException) {
                return byTheSystem(cause.getMessage());
            }
        }
        return String.valueOf(failure.getMessage());
    }

    private static String byTheSystem(@Nullable String told) {
        var text = String.valueOf(told);
        if (text.contains("in use")) {
            return "another program listens there already; choose another with --port";
        }
        if (text.contains("ssign")) {
            return "that is no address of this machine; correct --host";
        }
        if (text.contains("ermission")) {
            return "permission denied, as it is for ports below 1024; choose another with --port";
        }
        return text;
    }
}
