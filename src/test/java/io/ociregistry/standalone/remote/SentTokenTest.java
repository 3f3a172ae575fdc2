package io.ociregistry.standalone.remote;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.ConfigLoader;
import io.ociregistry.config.Overrides;
import io.ociregistry.config.ServerConfig;
import java.net.Inet6Address;
import java.net.NetworkInterface;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The token that a command sends without {@code --token-file}. */
class SentTokenTest {
    private static final URI HERE = URI.create("http://localhost:8080");

    @TempDir
    Path images;

    @ParameterizedTest
    @CsvSource({
        "http://localhost:8080, true",
        "https://LOCALHOST, true",
        "http://127.0.0.1:8080, true",
        "http://127.9.9.9, true",
        "http://[::1]:8080, true",
        "http://[::ffff:127.0.0.1], true",
        "http://192.0.2.1:8080, false",
        "http://[2001:db8::1], false",
        "http://0.0.0.0, false",
        "http://cache.example, false",
        "http://localhost.evil.example, false",
        "http://127.0.0.1.evil.example, false",
        "http://ip6-localhost, false",
    })
    void urlCertainlyMeansThisMachine(String url, boolean expected) {
        assertEquals(expected, SentToken.isThisMachine(URI.create(url)));
    }

    @Test
    void addressOfInterfaceIsThisMachine() throws Exception {
        var addresses = NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .filter(address -> !(address instanceof Inet6Address))
                .toList();
        assertFalse(addresses.isEmpty());
        for (var address : addresses) {
            assertTrue(SentToken.isThisMachine(URI.create("http://" + address.getHostAddress())), address::toString);
        }
    }

    @Test
    void tokenOfImagePathIsReadForThisMachineOnly() throws Exception {
        Files.writeString(images.resolve("admin-token"), "of-the-image-path\n");
        assertEquals(
                Optional.of("of-the-image-path"),
                SentToken.forThisMachine(HERE, config("")).value());
        assertNotSent(config(""), "is not localhost or an address of this machine");
    }

    @Test
    void tokenOfConfigurationTakesPrecedence() throws Exception {
        Files.writeString(images.resolve("admin-token"), "of-the-image-path\n");
        Path file = Files.writeString(images.resolve("file"), "of-the-token-file\nmore\n");
        ServerConfig withFile = config("admin: {tokenFile: '" + file + "'}\n");
        assertEquals(
                Optional.of("of-the-token-file"),
                SentToken.forThisMachine(HERE, withFile).value());
        ServerConfig withToken = config("admin: {token: of-the-configuration}\n");
        assertEquals(
                Optional.of("of-the-configuration"),
                SentToken.forThisMachine(HERE, withToken).value());
        assertNotSent(withFile, "--token-file or OCIREGISTRY_TOKEN");
        assertNotSent(withToken, "--token-file or OCIREGISTRY_TOKEN");
    }

    @Test
    void fileWithoutTokenIsNotSent() throws Exception {
        Path file = Files.write(images.resolve("admin-token"), new byte[] {'a', 1, 'b'});
        SentToken found = SentToken.forThisMachine(HERE, config(""));
        assertEquals(Optional.empty(), found.value());
        assertTrue(found.remark().contains(file.toString()), found.remark());
    }

    private static void assertNotSent(ServerConfig config, String remark) {
        SentToken elsewhere = SentToken.forThisMachine(URI.create("https://cache.example:8443"), config);
        assertEquals(Optional.empty(), elsewhere.value());
        assertTrue(elsewhere.remark().contains(remark), elsewhere.remark());
    }

    private ServerConfig config(String yaml) throws Exception {
        return new ConfigLoader(name -> Optional.empty())
                .parse("imagePath: '" + images + "'\n" + yaml, "test", Overrides.none())
                .config();
    }
}
