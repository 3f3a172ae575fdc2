package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the documented commands for Debian's tomcat10, as root, on the package as it is installed. They run in mount and
 * network namespaces of their own: /etc and /var are overlays on a tmpfs, so nothing on the machine changes. In place
 * of systemd, a script starts Tomcat with the start script, the user and the environment of the unit and its drop-ins.
 */
@Timeout(180)
@ExtendWith(ShowsLogs.class)
class DebianTomcatIT {
    private static final String CONFIG = "/etc/ociregistry/config.yaml";

    /** Makes the directories private, refuses to go on otherwise, and fakes systemctl. */
    private static final String PRIVATE_MACHINE = """
        set -eu
        ip link set lo up
        mount -t tmpfs tmpfs "$SCRATCH"
        for directory in etc var; do
          mkdir -p "$SCRATCH/$directory/upper" "$SCRATCH/$directory/work"
          mount -t overlay overlay "/$directory" \\
            -o "lowerdir=/$directory,upperdir=$SCRATCH/$directory/upper,workdir=$SCRATCH/$directory/work"
          [ "$(stat -f -c %T "/$directory")" = overlayfs ]
        done
        test -d /var/lib/tomcat10/webapps/ROOT
        mkdir "$SCRATCH/bin"
        cp "$SYSTEMCTL" "$SCRATCH/bin/systemctl"
        chmod 755 "$SCRATCH" "$SCRATCH/bin" "$SCRATCH/bin/systemctl"
        PATH=$SCRATCH/bin:$PATH
        """;

    private static final String SYSTEMCTL = """
        #!/bin/bash
        # systemctl daemon-reload | restart tomcat10 | stop tomcat10
        set -eu
        stop() {
          if [ -e "$SCRATCH/pid" ]; then
            kill "$(cat "$SCRATCH/pid")"
            while kill -0 "$(cat "$SCRATCH/pid")" 2> /dev/null; do sleep 0.1; done
            rm "$SCRATCH/pid"
          fi
        }
        case $1 in
          daemon-reload) ;;
          stop) stop ;;
          restart)
            stop
            mapfile -t variables < <(sed -n 's/^Environment=//p' /usr/lib/systemd/system/tomcat10.service \\
              /etc/systemd/system/tomcat10.service.d/*.conf | tr -d '"')
            env -i PATH="$PATH" "${variables[@]}" setpriv --reuid tomcat --regid tomcat --init-groups \\
              /bin/sh /usr/libexec/tomcat10/tomcat-start.sh &
            echo $! > "$SCRATCH/pid"
            ;;
          *) exit 2 ;;
        esac
        """;

    @TempDir
    Path directory;

    @BeforeEach
    void requireTomcat() {
        Peers.requireRoot();
        Peers.require("/usr/share/tomcat10", "/usr/libexec/tomcat10", "unshare", "setpriv", "curl", "ip");
    }

    private static String documented() throws IOException {
        List<String> blocks = DocumentedCommands.of(Path.of("docs/deploy.md")).stream()
                .filter(block -> block.contains("tomcat10"))
                .toList();
        assertEquals(1, blocks.size(), blocks::toString);
        return blocks.get(0).replace("target/ociregistry.war", War.artifact().toString());
    }

    /** Runs commands on the private machine in the root of the checkout, and returns their output with Tomcat's. */
    private String run(String commands) throws IOException {
        Path scratch = Files.createDirectories(directory.resolve("scratch"));
        Path systemctl = Files.writeString(directory.resolve("systemctl"), SYSTEMCTL);
        return Program.run(
                "debian-tomcat10",
                Map.of("SCRATCH", scratch.toString(), "SYSTEMCTL", systemctl.toString()),
                List.of("unshare", "--mount", "--net", "bash", "-c", PRIVATE_MACHINE + commands));
    }

    @Test
    void documentedCommandsReplaceDefaultPageAndServePull() throws Exception {
        String output = run(documented() + """
            answers=
            for path in /v2/ /livez / /cmd/status; do
              status=$(curl --silent --output /dev/null --write-out '%{http_code}' "localhost:8080$path")
              answers="$answers $status"
            done
            printf '\\nanswers:%s\\n' "$answers"
            systemctl stop tomcat10
            test -s /var/lib/ociregistry/admin-token
            """);
        assertTrue(output.contains("answers: 200 200 200 403\n"), output);
        assertTrue(output.contains("Configuration: " + CONFIG), output);
        assertTrue(output.contains("Cache: /var/lib/ociregistry"), output);
        assertFalse(output.contains("memory leak"), output);
    }

    @Test
    void mistakeInConfigurationIsReportedOnceInTheJournal() throws Exception {
        String output = run(starting("echo 'bogus: 1' >> " + CONFIG));
        assertEquals(2, output.split("bogus: unknown key", -1).length, output);
        assertFalse(output.contains("Configuration: "), output);
        assertFalse(output.contains("at io.ociregistry"), output);
    }

    @Test
    void fileThatDoesNotExistIsErrorAlsoWithoutExport() throws Exception {
        String missing = "/etc/ociregistry/nosuch.yaml";
        String output = run(starting("echo OCIREGISTRY_CONFIG=" + missing + " >> /etc/default/tomcat10"));
        assertTrue(output.contains("OCIREGISTRY_CONFIG names " + missing + ", which is not a file"), output);
        assertFalse(output.contains("Configuration: "), output);
    }

    /** The documented commands with another one before the start, and without the wait for a server that is ready. */
    private static String starting(String change) throws IOException {
        String start = "systemctl daemon-reload";
        String wait =
                "curl --silent --output /dev/null --retry 60 --retry-delay 1 --retry-connrefused localhost:8080/\n";
        return documented().replace(start, change + "\n" + start).replaceAll("(?m)^curl.*", "") + wait
                + "systemctl stop tomcat10\n";
    }
}
