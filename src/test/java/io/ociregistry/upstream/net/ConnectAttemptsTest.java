package io.ociregistry.upstream.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ociregistry.upstream.address.AddressGuard;
import io.ociregistry.upstream.address.Origin;
import io.ociregistry.upstream.proxy.Proxies;
import io.ociregistry.upstream.proxy.ProxyRouting;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import org.apache.hc.client5.http.impl.io.DefaultHttpClientConnectionOperator;
import org.junit.jupiter.api.Test;

class ConnectAttemptsTest {
    @Test
    void familiesAlternateAndConnectionsRotate() throws Exception {
        ConnectAttempts tries = tries("198.51.100.1", "198.51.100.2", "2001:db8::1");
        assertEquals(addresses("198.51.100.1", "2001:db8::1", "198.51.100.2"), tries.addresses("r.example", 443));
        assertEquals(addresses("198.51.100.2", "2001:db8::1", "198.51.100.1"), tries.addresses("r.example", 443));
        assertEquals(addresses("198.51.100.1", "2001:db8::1", "198.51.100.2"), tries.addresses("r.example", 443));
    }

    @Test
    void allAddressesOfOneFamilyAreTried() throws Exception {
        ConnectAttempts tries = tries("198.51.100.1", "198.51.100.2", "198.51.100.3");
        assertEquals(addresses("198.51.100.1", "198.51.100.2", "198.51.100.3"), tries.addresses("r.example", 443));
        assertEquals(addresses("198.51.100.2", "198.51.100.3", "198.51.100.1"), tries.addresses("r.example", 443));
    }

    @Test
    void hostWithoutAddressesIsUnknown() {
        assertThrows(UnknownHostException.class, () -> tries().addresses("r.example", 443));
    }

    private static ConnectAttempts tries(String... found) {
        Origin home = Origin.of(URI.create("https://r.example"));
        ProxyRouting ways = new ProxyRouting(
                Proxies.NONE,
                AddressGuard.forRegistry(home, host -> parse(found)),
                org.apache.hc.core5.util.Timeout.ofSeconds(1));
        return new ConnectAttempts(ways, new DefaultHttpClientConnectionOperator(null, ways, name -> null));
    }

    private static List<InetSocketAddress> addresses(String... expected) throws UnknownHostException {
        return parse(expected).stream()
                .map(address -> new InetSocketAddress(address, 443))
                .toList();
    }

    private static List<InetAddress> parse(String... texts) throws UnknownHostException {
        InetAddress[] parsed = new InetAddress[texts.length];
        for (int i = 0; i < texts.length; i++) {
            parsed[i] = InetAddress.getByName(texts[i]);
        }
        return Arrays.asList(parsed);
    }
}
