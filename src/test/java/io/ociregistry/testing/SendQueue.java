package io.ociregistry.testing;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * The written bytes of a socket that the peer's kernel has not acknowledged, as Linux reports them. A reset discards
 * the bytes in transit in both kernels, so a test of a reset after an exact number of bytes must wait for an empty
 * queue. On other systems there is no wait.
 */
final class SendQueue {
    private static final List<Path> TABLES = List.of(Path.of("/proc/net/tcp6"), Path.of("/proc/net/tcp"));
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private SendQueue() {}

    static void awaitEmpty(Socket socket) throws IOException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        String local = port(socket.getLocalPort());
        String remote = port(socket.getPort());
        while (!isEmpty(local, remote) && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
    }

    private static boolean isEmpty(String local, String remote) throws IOException {
        for (Path table : TABLES) {
            if (!Files.isReadable(table)) {
                continue;
            }
            for (String line : Files.readAllLines(table)) {
                // sl local_address rem_address st tx_queue:rx_queue …
                String[] column = line.strip().split("\\s+", -1);
                if (column[1].endsWith(local) && column[2].endsWith(remote)) {
                    return column[4].startsWith("00000000:");
                }
            }
        }
        return true;
    }

    private static String port(int number) {
        return String.format(Locale.ROOT, ":%04X", number);
    }
}
