package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.TestCertificates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the documented commands of an operator in their order, as root: install, private upstream, two caches with an
 * air gap between them, a full disk, an upgrade, TLS, and the rotation of a password, a certificate and a log file.
 * They run in a mount namespace of their own: /etc, /var, /run and /usr/share are overlays on a tmpfs, so nothing on
 * the machine changes. In place of systemd, a script starts the command of the unit with the credentials of its
 * drop-ins.
 */
@Timeout(240)
@ExtendWith(ShowsLogs.class)
class OperatorsWalkIT {
    /** Makes the directories private, refuses to go on otherwise, and fakes systemctl. */
    private static final String PRIVATE_MACHINE = """
        set -euo pipefail
        mount -t tmpfs tmpfs "$SCRATCH"
        for directory in etc var run usr/share; do
          mkdir -p "$SCRATCH/$directory/upper" "$SCRATCH/$directory/work"
          mount -t overlay overlay "/$directory" \\
            -o "lowerdir=/$directory,upperdir=$SCRATCH/$directory/upper,workdir=$SCRATCH/$directory/work"
          [ "$(stat -f -c %T "/$directory")" = overlayfs ]
        done
        PATH=$WORK/bin:$PATH
        export OCIREGISTRY_JAVA_OPTS='-XX:TieredStopAtLevel=1 -Xshare:auto' UNIT=/etc/systemd/system/ociregistry.service
        trap 'systemctl stop ociregistry' EXIT
        cd "$WORK"
        printf 'imagePath: %s\nport: %s\n' "$WORK/far" "$PORT" > far.yaml
        pull() { curl --silent --show-error --output /dev/null --write-out '%{http_code}' "$@"; }
        expect() { [ "$1" = "$2" ] || { echo "line ${BASH_LINENO[0]}: $1 instead of $2" >&2; exit 1; }; }
        step() { echo "== $1"; }
        """;

    private static final String SYSTEMCTL = """
        #!/bin/bash
        # systemctl daemon-reload | enable --now ociregistry | start, stop, restart or reload ociregistry
        set -eu
        pid=/run/ociregistry.pid
        stop() {
          if [ -e $pid ]; then
            kill "$(cat $pid)" 2> /dev/null || true
            while kill -0 "$(cat $pid)" 2> /dev/null; do sleep 0.05; done
            rm $pid
          fi
        }
        start() {
          install -d /var/lib/ociregistry /var/log/ociregistry /run/credentials/ociregistry.service
          for credential in $(sed -n 's/^LoadCredential=//p' $UNIT.d/*.conf 2> /dev/null); do
            install -m 400 "${credential#*:}" "/run/credentials/ociregistry.service/${credential%%:*}"
          done
          $(sed -n 's/^ExecStart=//p' $UNIT) &
          echo $! > $pid
          # systemd waits for the message of the server (Type=notify).
          for try in $(seq 100); do
            for scheme in http https; do
              if curl --silent --insecure --output /dev/null $scheme://localhost:$PORT/livez; then exit 0; fi
              kill -0 $! || exit 1
              sleep 0.5
            done
          done
          exit 1
        }
        case $1 in
          daemon-reload) ;;
          enable | start) start ;;
          stop) stop ;;
          restart) stop; start ;;
          reload) kill -HUP "$(cat $pid)" ;;
          *) exit 2 ;;
        esac
        """;

    @TempDir
    static Path directory;

    private Path work;

    @BeforeEach
    void prepare() throws IOException {
        Peers.requireRoot();
        Peers.require("unshare", "curl", "skopeo");
        work = Files.createDirectories(directory.resolve("work"));
        Path target = Files.createDirectories(work.resolve("target"));
        Files.createSymbolicLink(target.resolve("ociregistry.jar"), FatJar.artifact());
        Files.createSymbolicLink(work.resolve("ociregistry.jar"), FatJar.artifact());
        for (String file : List.of("ociregistry", "conf")) {
            Files.createSymbolicLink(work.resolve(file), Path.of(file).toAbsolutePath());
        }
        Path programs = Files.createDirectories(work.resolve("bin"));
        executable(programs.resolve("systemctl"), SYSTEMCTL);
        executable(programs.resolve("sudo"), "#!/bin/sh\nexec \"$@\"\n");
        executable(
                programs.resolve("java"),
                "#!/bin/sh\nexec " + Java.executable() + " " + String.join(" ", Java.QUICK_START) + " \"$@\"\n");
    }

    private static void executable(Path file, String text) throws IOException {
        Files.writeString(file, text);
        assertTrue(file.toFile().setExecutable(true));
    }

    /** Returns the blocks of a page that contain this text. */
    private static List<String> blocks(String page, String text) throws IOException {
        List<String> blocks = DocumentedCommands.of(Path.of("docs", page)).stream()
                .filter(block -> block.contains(text))
                .toList();
        assertFalse(blocks.isEmpty(), page + " has no block with " + text);
        return blocks;
    }

    private static String block(String page, String text) throws IOException {
        List<String> blocks = blocks(page, text);
        assertEquals(1, blocks.size(), blocks::toString);
        return blocks.get(0);
    }

    @Test
    void documentedCommandsTakeAnOperatorFromInstallToUpgrade() throws Exception {
        var first = AppImage.build(Files.createDirectories(directory.resolve("first")), 1 << 16);
        var second = AppImage.build(Files.createDirectories(directory.resolve("second")), 3 << 20);
        var old = TestCertificates.create();
        var renewed = TestCertificates.create();
        for (var pair : Map.of("old", old, "renewed", renewed).entrySet()) {
            Path to = Files.createDirectories(work.resolve(pair.getKey()));
            var server = pair.getValue().server("localhost");
            Files.move(server.certPem(to), to.resolve("server.pem"));
            Files.move(server.keyPem(to), to.resolve("server.key"));
            Files.move(pair.getValue().caPem(to), to.resolve("ca.crt"));
        }
        Files.writeString(work.resolve("images.txt"), "registry.k8s.io/pause:3.8\n");
        Files.createDirectories(work.resolve("far"));
        try (var upstream = DockerRegistry.start(directory.resolve("registry"))) {
            first.push(upstream, "pause", "3.8");
            second.push(upstream, "app", "1.0");
            Files.writeString(work.resolve("registries.yaml"), """
                registries:
                - name: registry.k8s.io
                  endpoint: %s
                  tls: {ca: '%s'}
                  auth:
                    user: %s
                    passwordFile: /run/credentials/ociregistry.service/docker-hub-token
                """.formatted(
                            upstream.url(), upstream.authority(), DockerRegistry.USER));
            String output = run(
                    Map.of(
                            "PASSWORD",
                            DockerRegistry.PASSWORD,
                            "LAYER",
                            second.digests("amd64").get(5)),
                    script());
            assertTrue(output.contains("== done"), output);
        }
    }

    private static String script() throws IOException {
        List<String> air = DocumentedCommands.of(Path.of("docs/airgap.md"));
        assertEquals(6, air.size(), air::toString);
        String near = "unset OCIREGISTRY_CONFIG\n";
        String far = "export OCIREGISTRY_CONFIG=$WORK/far.yaml\n";
        return String.join(
                "\n",
                "step install",
                block("deploy.md", "systemctl enable").replace("systemctl daemon-reload", """
                    sed -i -e 's/^port: .*/port: 8080/' -e '/^registries: /d' /etc/ociregistry/config.yaml
                    cat registries.yaml >> /etc/ociregistry/config.yaml
                    printf wrong > docker-hub-token
                    systemctl daemon-reload\
                    """),
                "expect \"$(pull localhost:8080/readyz)\" 200",
                """
                step 'private upstream, and a new password'
                manifest='localhost:8080/v2/pause/manifests/3.8?ns=registry.k8s.io'
                [ "$(pull "$manifest")" != 200 ]
                printf '%s' "$PASSWORD" > docker-hub-token
                """,
                block("deploy.md", "docker-hub-token"),
                """
                expect "$(pull "$manifest")" 200
                systemctl stop ociregistry

                step 'air gap with two caches'
                """,
                air.get(0),
                far,
                air.get(1),
                air.get(2).strip() + " & server=$!",
                """
                curl --silent --retry 40 --retry-delay 1 --retry-connrefused --output /dev/null localhost:8080/livez
                skopeo copy -q --src-tls-verify=false docker://localhost:8080/registry.k8s.io/pause:3.8 dir:far-copy
                expect "$(pull 'localhost:8080/v2/app/manifests/1.0?ns=registry.k8s.io')" 404
                kill $server; wait $server || true
                """,
                air.get(3),
                near,
                "printf 'registry.k8s.io/app:1.0\\n' >> images.txt",
                "java -jar ociregistry.jar load --quiet --image-file images.txt",
                air.get(4),
                far,
                air.get(5),
                "java -jar ociregistry.jar list --output json > far.json && grep -q app far.json",
                near,
                """

                step 'full disk'
                java -jar ociregistry.jar prune --pattern registry.k8s.io/app
                cp -a /var/lib/ociregistry/blobs saved
                mount -t tmpfs -o "size=$(($(du -sk saved | cut -f 1) + 1024))k" tmpfs /var/lib/ociregistry/blobs
                cp -a saved/. /var/lib/ociregistry/blobs
                systemctl start ociregistry
                layer="localhost:8080/v2/app/blobs/$LAYER?ns=registry.k8s.io"
                expect "$(pull "$layer")" 200
                [ ! -e "/var/lib/ociregistry/blobs/${LAYER#sha256:}" ]
                expect "$(pull localhost:8080/readyz)" 200
                """,
                block("operations.md", "40GB").replace("40GB", "0"),
                """
                expect "$(pull "$layer")" 200
                cmp "/var/lib/ociregistry/blobs/${LAYER#sha256:}" <(curl --silent "$layer")

                step upgrade
                """,
                block("deploy.md", "check-config"),
                """
                expect "$(pull "$layer")" 200

                step 'TLS, and a new certificate'
                install -m 644 old/server.pem /etc/ociregistry/server.pem
                install -m 640 old/server.key /etc/ociregistry/server.key
                sed -i -e 's/^  #\\(cert: .*server.pem\\)/  \\1/' -e 's/^  #\\(key: .*server.key\\)/  \\1/' \\
                  -e 's/^#\\(logFile: .*\\)/\\1/' /etc/ociregistry/config.yaml
                systemctl restart ociregistry
                expect "$(pull --cacert old/ca.crt https://localhost:8080/readyz)" 200
                cp renewed/server.* .
                """,
                block("operations.md", "server.key.new"),
                """
                curl --silent --fail --output /dev/null --retry 20 --retry-delay 1 --retry-all-errors \\
                  --cacert renewed/ca.crt https://localhost:8080/readyz

                step 'rotation of the log'
                log=/var/log/ociregistry/ociregistry.log
                [ -s $log ]
                mv $log $log.1
                eval "$(sed -n '/postrotate/,/endscript/{/rotate\\|endscript/d;p}' conf/logrotate)"
                for try in $(seq 40); do [ -e $log ] || sleep 0.25; done
                expect "$(pull --cacert renewed/ca.crt https://localhost:8080/v2/)" 200
                for try in $(seq 40); do grep -q 'GET /v2/ 200' $log || sleep 0.25; done
                grep -q 'GET /v2/ 200' $log
                step done
                """);
    }

    private String run(Map<String, String> environment, String script) throws IOException {
        int port = Loopback.freePort();
        Map<String, String> all = new HashMap<>(environment);
        all.put("WORK", work.toString());
        all.put("SCRATCH", Files.createDirectories(directory.resolve("scratch")).toString());
        all.put("PORT", String.valueOf(port));
        return Program.run(
                "operators-walk",
                all,
                List.of(
                        "timeout",
                        "150",
                        "unshare",
                        "--mount",
                        "bash",
                        "-c",
                        PRIVATE_MACHINE + script.replace("8080", String.valueOf(port))));
    }
}
