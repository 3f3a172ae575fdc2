package io.ociregistry.e2e;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A network namespace with {@code lo}, deleted on close. Needs root. */
final class NetworkNamespace implements AutoCloseable {
    private static final String READY = "the namespace is ready";

    private final Program holder;

    private NetworkNamespace(Program holder) {
        this.holder = holder;
    }

    static NetworkNamespace create() {
        Peers.requireRoot();
        Peers.require("unshare", "nsenter", "ip");
        var hold = "ip link set lo up && echo " + READY + " && exec sleep infinity";
        var holder = Program.start("namespace", Map.of(), List.of("unshare", "--net", "sh", "-c", hold));
        return new NetworkNamespace(
                holder.waitUntil("it is ready", () -> holder.log().contains(READY)));
    }

    /** Connects two namespaces by a pair of virtual Ethernet devices with these addresses in CIDR notation. */
    void connect(String address, NetworkNamespace other, String otherAddress) {
        run("ip", "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", "" + other.holder.pid());
        up(address);
        other.up(otherAddress);
    }

    private void up(String address) {
        run("ip", "address", "add", address, "dev", "cable");
        run("ip", "link", "set", "cable", "up");
    }

    /** Returns the command prefix that runs a program in this namespace. */
    List<String> runner() {
        return List.of("nsenter", "--net=/proc/" + holder.pid() + "/ns/net");
    }

    /** Runs a program in this namespace, requires success, and returns the output. */
    String run(String... command) {
        var line = new ArrayList<>(runner());
        line.addAll(List.of(command));
        return Program.run("namespace-" + command[0], line);
    }

    @Override
    public void close() {
        holder.close();
    }
}
