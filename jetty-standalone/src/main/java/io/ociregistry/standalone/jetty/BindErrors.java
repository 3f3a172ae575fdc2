package io.ociregistry.standalone.jetty;

import java.net.BindException;
import java.nio.channels.UnresolvedAddressException;
import org.eclipse.jetty.server.ServerConnector;
import org.jspecify.annotations.Nullable;

/** Why a port can't be listened on, and what to do, in words instead of the system's and Java's. */
final class BindErrors {
    private BindErrors() {}

    /**
     * Listens on a port.
     *
     * @param hostChoice what says where, for whoever has to say otherwise
     * @param portChoice the same of the port
     */
    static void open(ServerConnector connector, String hostChoice, String portChoice) throws StartException {
        try {
            connector.open();
        } catch (Exception e) {
            var place = connector.getHost() + ":" + connector.getPort();
            throw new StartException("cannot listen on " + place + ": " + why(e, hostChoice, portChoice), e);
        }
    }

    private static String why(Exception failure, String hostChoice, String portChoice) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException) {
                return "that host is neither an address nor a name that can be resolved; correct " + hostChoice;
            }
            if (cause instanceof BindException) {
                return byTheSystem(cause.getMessage(), hostChoice, portChoice);
            }
        }
        return String.valueOf(failure.getMessage());
    }

    private static String byTheSystem(@Nullable String told, String hostChoice, String portChoice) {
        var text = String.valueOf(told);
        if (text.contains("in use")) {
            return "another program listens there already; choose another with " + portChoice;
        }
        if (text.contains("ssign")) {
            return "that is no address of this machine; correct " + hostChoice;
        }
        if (text.contains("ermission")) {
            return "permission denied, as it is for ports below 1024; choose another with " + portChoice;
        }
        return text;
    }
}
