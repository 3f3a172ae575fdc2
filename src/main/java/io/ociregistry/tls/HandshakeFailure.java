package io.ociregistry.tls;

import java.util.Locale;

/** Recognizes the reasons of failed TLS handshakes by the messages of Java. */
public final class HandshakeFailure {
    private HandshakeFailure() {}

    /** Returns true if the peer sent bytes that are not TLS. The message depends on the number of these bytes. */
    public static boolean isWithoutTls(String message) {
        return message.toLowerCase(Locale.ROOT).contains("unrecognized ssl message");
    }
}
