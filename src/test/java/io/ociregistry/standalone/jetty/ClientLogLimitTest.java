package io.ociregistry.standalone.jetty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.LogLines;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class ClientLogLimitTest {
    private long now = Long.MAX_VALUE;
    private final ClientLogLimit limit =
            new ClientLogLimit(LoggerFactory.getLogger(ClientLogLimitTest.class), () -> now);

    @Test
    void clientIsLoggedOncePerMinute() {
        try (LogLines log = LogLines.of(ClientLogLimitTest.class.getName())) {
            limit.log(client(1, 1000), "failed");
            limit.log(client(1, 1001), "failed");
            limit.log(client(2, 1000), "failed");
            assertEquals(2, log.at("INFO").size(), log.text());
            now += TimeUnit.MINUTES.toNanos(1);
            limit.log(client(1, 1002), "failed again");
            assertTrue(log.text().contains("1 further failures of clients were not logged"), log.text());
            assertTrue(log.text().endsWith("INFO client /10.0.0.1:1002 failed again"), log.text());
        }
    }

    @Test
    void linesOfAllClientsAreBounded() {
        try (LogLines log = LogLines.of(ClientLogLimitTest.class.getName())) {
            for (int i = 0; i < 2 * ClientLogLimit.MAX_CLIENTS; i++) {
                limit.log(client(i, 1000), "failed");
            }
            assertEquals(ClientLogLimit.MAX_CLIENTS, log.at("INFO").size());
        }
    }

    @Test
    void messageCannotForgeLines() {
        try (LogLines log = LogLines.of(ClientLogLimitTest.class.getName())) {
            limit.log(client(1, 1000), "failed: x\nWARN forged");
            assertEquals("INFO client /10.0.0.1:1000 failed: x?WARN forged", log.text());
        }
    }

    private static SocketAddress client(int host, int port) {
        return new InetSocketAddress("10.0." + host / 256 + "." + host % 256, port);
    }
}
