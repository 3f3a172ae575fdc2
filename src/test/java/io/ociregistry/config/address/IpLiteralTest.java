package io.ociregistry.config.address;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpLiteralTest {
    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, /127.0.0.1",
        "255.255.255.255, /255.255.255.255",
        "[::1], /0:0:0:0:0:0:0:1",
        "::1, /0:0:0:0:0:0:0:1",
        "[::ffff:127.0.0.1], /127.0.0.1",
    })
    void usualFormIsAnAddress(String host, String address) {
        assertEquals(address, IpLiteral.parse(host).orElseThrow().toString());
        assertEquals(false, IpLiteral.isAmbiguous(host));
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "r.example", "a1", "1a", "0xg.example", "[x::1]", "", "[127.0.0.1]", "x.0xyz"})
    void otherTextIsNoAddress(String host) {
        assertEquals(true, IpLiteral.parse(host).isEmpty());
        assertEquals(false, IpLiteral.isAmbiguous(host));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.1",
                "127.0.1",
                "2130706433",
                "0x7f.1",
                "0x7f000001",
                "0X7F.0.0.1",
                "0x",
                "0177.0.0.1",
                "127.0.0.01",
                "127.0.0.1.",
                "256.0.0.1",
                "1.2.3.4.5",
                "a.0x7f",
                "r.example.1"
            })
    void unusualFormIsAmbiguous(String host) {
        assertEquals(true, IpLiteral.isAmbiguous(host));
        assertEquals(true, IpLiteral.parse(host).isEmpty());
    }
}
