package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Builds the Debian package, and installs, upgrades, removes and purges it with dpkg, as root, in mount and network
 * namespaces of its own: /etc, /usr and /var are overlays on a tmpfs, so nothing on the machine changes. In place of
 * systemd, a script runs the command of the unit as another user, with the directories and the variables of the unit.
 */
@Tag("more-peers")
@Timeout(900)
@ExtendWith(ShowsLogs.class)
class DebianPackageIT {
    private static final Path PACKAGE = Path.of("target/ociregistry.deb");

    private static final String PRIVATE_MACHINE = """
        set -eu
        ip link set lo up
        mount -t tmpfs tmpfs "$SCRATCH"
        for directory in etc usr var; do
          mkdir -p "$SCRATCH/$directory/upper" "$SCRATCH/$directory/work"
          mount -t overlay overlay "/$directory" \\
            -o "lowerdir=/$directory,upperdir=$SCRATCH/$directory/upper,workdir=$SCRATCH/$directory/work"
          [ "$(stat -f -c %T "/$directory")" = overlayfs ]
        done
        mount -t tmpfs tmpfs /run
        mkdir -p /run/systemd/system
        chmod 755 "$SCRATCH"
        rm -f /usr/sbin/policy-rc.d
        mv /usr/bin/systemctl /usr/bin/systemctl.real
        cp "$SYSTEMCTL" /usr/bin/systemctl
        chmod 755 /usr/bin/systemctl
        unset OCIREGISTRY_CONFIG OCIREGISTRY_JAR OCIREGISTRY_JAVA_OPTS
        wait_ready() {
          curl --silent --show-error --fail --retry 100 --retry-delay 1 --retry-connrefused localhost:8080/readyz
        }
        """;

    /** Starts and stops the service; the real systemctl makes and removes links. */
    private static final String SYSTEMCTL = """
        #!/bin/bash
        set -eu
        unit=/lib/systemd/system/ociregistry.service
        stop() {
          if [ -e /run/pid ]; then
            kill "$(cat /run/pid)" || true
            while kill -0 "$(cat /run/pid)" 2> /dev/null; do sleep 0.1; done
            rm /run/pid
          fi
        }
        start() {
          variables=()
          for key in State:lib Cache:cache Logs:log; do
            name=$(sed -n "s/^${key%:*}Directory=//p" "$unit")
            install -d -o 61234 -g 61234 "/var/${key#*:}/$name"
            if [ "${key%:*}" = Cache ]; then variables+=("CACHE_DIRECTORY=/var/cache/$name"); fi
          done
          command=$(sed -n 's/^ExecStart=//p' "$unit")
          env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "${variables[@]}" \\
            setpriv --reuid 61234 --regid 61234 --clear-groups $command >> /run/service.log 2>&1 < /dev/null &
          echo $! > /run/pid
        }
        case " $* " in
          *" show "*) echo loaded ;;
          *" is-enabled "*) echo enabled ;;
          *" restart "*) echo "systemctl restart"; stop; start ;;
          *" start "*) echo "systemctl start"; start ;;
          *" stop "*) echo "systemctl stop"; stop ;;
          *" daemon-reload "*) ;;
          *) SYSTEMD_OFFLINE=1 exec systemctl.real "$@" ;;
        esac
        """;

    @TempDir
    Path directory;

    @BeforeEach
    void buildPackage() throws IOException {
        Peers.requireRoot();
        Peers.require("dpkg", "dpkg-deb", "deb-systemd-invoke", "unshare", "setpriv", "curl", "ip", "mvn");
        if (!Files.exists(PACKAGE)
                || Files.getLastModifiedTime(PACKAGE).compareTo(Files.getLastModifiedTime(FatJar.artifact())) < 0) {
            Program.run("deb", List.of("mvn", "-B", "-q", "-P", "packages", "-Dmaven.test.skip", "package"));
        }
    }

    /** Runs commands on the private machine and returns their output. */
    private String run(String commands) throws IOException {
        Path scratch = Files.createDirectories(directory.resolve("scratch"));
        Path systemctl = Files.writeString(directory.resolve("systemctl"), SYSTEMCTL);
        return Program.run(
                "debian-package",
                Map.of(
                        "SCRATCH",
                        scratch.toString(),
                        "SYSTEMCTL",
                        systemctl.toString(),
                        "PACKAGE",
                        PACKAGE.toAbsolutePath().toString()),
                List.of("unshare", "--mount", "--net", "bash", "-c", PRIVATE_MACHINE + commands));
    }

    @Test
    void packageHasFilesOwnersAndConffiles() {
        String control = Program.run("control", List.of("dpkg-deb", "-I", PACKAGE.toString()));
        assertTrue(control.contains("Package: ociregistry"), control);
        assertTrue(control.contains("java17-runtime-headless"), control);
        String conffiles = Program.run("conffiles", List.of("dpkg-deb", "-I", PACKAGE.toString(), "conffiles"));
        assertEquals("/etc/ociregistry/config.yaml\n/etc/logrotate.d/ociregistry\n", conffiles);
        String contents = Program.run("contents", List.of("dpkg-deb", "-c", PACKAGE.toString()));
        for (String file : List.of(
                "-rw-r--r-- root/root .* ./usr/share/ociregistry/ociregistry.jar",
                "-rwxr-xr-x root/root .* ./usr/share/ociregistry/ociregistry",
                "l.* root/root .* ./usr/bin/ociregistry -> /usr/share/ociregistry/ociregistry",
                "-rw-r--r-- root/root .* ./lib/systemd/system/ociregistry.service",
                "-rw-r--r-- root/root .* ./etc/ociregistry/config.yaml",
                "-rw-r--r-- root/root .* ./etc/logrotate.d/ociregistry",
                "-rw-r--r-- root/root .* ./usr/share/doc/ociregistry/docs/deploy.md",
                "-rw-r--r-- root/root .* ./usr/share/doc/ociregistry/copyright")) {
            assertTrue(contents.lines().anyMatch(line -> line.matches(file)), file + " in\n" + contents);
        }
        assertTrue(
                contents.lines().allMatch(line -> line.matches("(d|l|-)rwx?.* root/root .*|-rw-r--r-- root/root .*")),
                contents);
    }

    @Test
    void packageIsInstalledUpgradedRemovedAndPurged() throws Exception {
        String output = run("""
            dpkg -i "$PACKAGE"
            wait_ready; echo installed
            ociregistry version
            grep '^Uid:.61234' "/proc/$(cat /run/pid)/status"
            test -e /etc/systemd/system/multi-user.target.wants/ociregistry.service
            while ! ls /var/cache/ociregistry/*.jsa 2> /dev/null; do sleep 0.2; done

            echo '# edited' >> /etc/ociregistry/config.yaml
            dpkg-deb -R "$PACKAGE" "$SCRATCH/next"
            sed -i 's/^Version: .*/&+next/' "$SCRATCH/next/DEBIAN/control"
            dpkg-deb -b "$SCRATCH/next" "$SCRATCH/next.deb"
            before=$(cat /run/pid)
            dpkg -i "$SCRATCH/next.deb"
            [ "$(cat /run/pid)" != "$before" ]
            wait_ready; echo upgraded
            grep -q '# edited' /etc/ociregistry/config.yaml

            dpkg -r ociregistry
            [ ! -e /run/pid ] && [ ! -e /usr/bin/ociregistry ]
            test -e /etc/ociregistry/config.yaml; echo removed
            dpkg -P ociregistry
            for gone in /etc/ociregistry /etc/logrotate.d/ociregistry /var/cache/ociregistry /var/log/ociregistry \\
              /usr/share/ociregistry /etc/systemd/system/multi-user.target.wants/ociregistry.service; do
              [ ! -e "$gone" ] || { echo "$gone is left"; exit 1; }
            done
            test -d /var/lib/ociregistry/blobs; echo purged
            cat /run/service.log
            """);
        for (String step : List.of("installed", "upgraded", "removed", "purged", "the cached images stay in")) {
            assertTrue(output.contains(step), step + " in\n" + output);
        }
        assertTrue(output.contains("Cache: /var/lib/ociregistry"), output);
    }
}
