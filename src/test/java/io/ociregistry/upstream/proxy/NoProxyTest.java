package io.ociregistry.upstream.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.upstream.address.Origin;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NoProxyTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // entry | target | reached directly
                "* | https://anything.example | true",
                "corp.example | https://corp.example | true",
                "corp.example | https://a.b.corp.example:8443 | true",
                "corp.example | https://notcorp.example | false",
                "corp.example | https://corp.example.net | false",
                "Corp.Example | https://CORP.example. | true",
                "corp.example. | https://a.corp.example | true",
                ".corp.example | https://a.corp.example | true",
                ".corp.example | https://corp.example | true",
                "*.corp.example | https://a.corp.example | true",
                "*.corp.example | https://acorp.example | false",
                "corp.example:5000 | https://corp.example:5000 | true",
                "corp.example:5000 | https://corp.example | false",
                "corp.example:443 | https://corp.example | true",
                "corp.example:80 | http://a.corp.example | true",
                "10.1.2.3 | http://10.1.2.3:5000 | true",
                "10.1.2.3 | http://10.1.2.30 | false",
                "10.1.2.3:5000 | http://10.1.2.3:5000 | true",
                "10.1.2.3:5000 | http://10.1.2.3 | false",
                "10.0.0.0/8 | http://10.255.0.1 | true",
                "10.0.0.0/8 | http://11.0.0.1 | false",
                "10.0.0.0/8 | http://ten.example | false",
                "0.0.0.0/0 | http://9.9.9.9 | true",
                "0.0.0.0/0 | http://[2001:200::1] | false",
                "10.0.0.0/33 | http://10.0.0.1 | false",
                "10.0.0/8 | http://10.0.0.1 | false",
                "corp.example/8 | http://corp.example | false",
                "fd00::/8 | http://[fdff::1] | true",
                "fd00::/8 | http://[fc00::1] | false",
                "::1 | http://[::1]:5000 | true",
                "[::1] | http://[0:0:0:0:0:0:0:1] | true",
                "[::1]:5000 | http://[::1]:5000 | true",
                "[::1]:5000 | http://[::1] | false",
                "'' | http://corp.example | false",
                ". | http://corp.example. | false",
            })
    void entryMatchesTarget(String entry, URI target, boolean direct) {
        assertEquals(direct, NoProxy.of(List.of(entry)).matches(Origin.of(target)));
        assertEquals(direct, NoProxy.of(List.of("other.example", entry, "x:1")).matches(Origin.of(target)));
    }
}
