package io.ociregistry.standalone.jetty;

import io.ociregistry.common.Causes;
import java.net.BindException;
import java.nio.channels.UnresolvedAddressException;
import org.eclipse.jetty.server.ServerConnector;
import org.jspecify.annotations.Nullable;

/** Opens ports, and replaces error messages of the system and of Java by the reason and the remedy. */
final class BindErrors {
    private BindErrors() {}

    /**
     * Opens the port of a connector.
     *
     * @param hostSetting the option or key that sets the host, for messages
     * @param portSetting the option or key that sets the port, for messages
     */
    static void open(ServerConnector connector, String hostSetting, String portSetting) throws StartException {
        try {
            connector.open();
        } catch (Exception e) {
            var address = connector.getHost() + ":" + connector.getPort();
            throw new StartException("cannot listen on " + address + ": " + reason(e, hostSetting, portSetting), e);
        }
    }

    private static String reason(Exception failure, String hostSetting, String portSetting) {
        if (Causes.find(failure, UnresolvedAddressException.class).isPresent()) {
            return "the host is neither an address nor a name that can be resolved; correct " + hostSetting;
        }
        return Causes.find(failure, BindException.class)
                .map(cause -> systemReason(cause.getMessage(), hostSetting, portSetting))
                .orElseGet(() -> String.valueOf(failure.getMessage()));
    }

    private static String systemReason(@Nullable String message, String hostSetting, String portSetting) {
        var text = String.valueOf(message);
        if (text.contains("in use")) {
            return "another program uses this port; choose another port with " + portSetting;
        }
        if (text.contains("ssign")) {
            return "this machine does not have the address; correct " + hostSetting;
        }
        if (text.contains("ermission")) {
            return "permission denied, as usual for ports below 1024; choose another port with " + portSetting;
        }
        return text;
    }
}
