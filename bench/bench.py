#!/usr/bin/env python3
"""Measures ociregistry beside nginx and docker-registry, and writes the results as Markdown.

    bench/bench.py [--output FILE] [--rounds N] [--only PART,...]

Parts: warm, tls, cold, limited, first-byte, tiny, slow, start, log. Needs: Linux, python3, gcc, java, nginx and the
built target/ociregistry.jar. docker-registry, tomcat10 (with target/ociregistry.war), curl and strace are measured or
used if they are installed. All traffic is on loopback. The servers of one table take turns, so that a busy machine
changes all of them. Each cell is the median of the rounds.
"""
import argparse
import collections
import contextlib
import hashlib
import json
import os
import pathlib
import platform
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
MB = 1_000_000


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def find(program):
    return shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


# --- content --------------------------------------------------------------------------------------------------------


class Content:
    """Files that nginx serves as a registry: blobs and manifests of the repository bench/app, and of tiny images."""

    def __init__(self, directory):
        self.root = directory
        self.serial = 0
        (self.root / "v2").mkdir(parents=True)
        (self.root / "v2" / "index.html").write_text("{}")

    def blob(self, size, repository="bench/app"):
        """Writes a blob that no other call wrote, and returns its digest. Most of a large blob is a hole."""
        self.serial += 1
        directory = self.root / "v2" / repository / "blobs"
        directory.mkdir(parents=True, exist_ok=True)
        new = directory / "new"
        with open(new, "wb") as out:
            out.write(f"{self.serial}\n".encode())
            out.truncate(size)
        with open(new, "rb") as back:
            digest = "sha256:" + hashlib.file_digest(back, "sha256").hexdigest()
        new.rename(directory / digest)
        return digest

    def manifest(self, blobs, tag, repository="bench/app"):
        """Writes a manifest of (digest, size) pairs, the configuration first, and returns its digest."""
        entry = lambda blob, kind: {
            "mediaType": f"application/vnd.oci.image.{kind}", "digest": blob[0], "size": blob[1]}
        text = json.dumps({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": entry(blobs[0], "config.v1+json"),
            "layers": [entry(blob, "layer.v1.tar+gzip") for blob in blobs[1:]]}, indent=1).encode()
        directory = self.root / "v2" / repository / "manifests"
        directory.mkdir(parents=True, exist_ok=True)
        digest = "sha256:" + hashlib.sha256(text).hexdigest()
        (directory / digest).write_bytes(text)
        (directory / tag).write_bytes(text)
        return digest


# --- servers --------------------------------------------------------------------------------------------------------


class Server:
    """A running program. Its paths are those of the registry API plus `query`."""

    query = ""

    def __init__(self, name, command, port, ready="/v2/", scratch=None, environment=None):
        self.name, self.port = name, port
        self.log = open(scratch / f"{name.replace(' ', '-')}.log", "ab")
        self.started = time.monotonic()
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, env=environment)
        self.wait(ready)
        self.ready = time.monotonic() - self.started

    def wait(self, path):
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5):
                    return
            except urllib.error.HTTPError:
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"bench: {self.name} did not start; see {self.log.name}")
                time.sleep(0.005)

    def pids(self):
        found = [self.process.pid]
        for pid in found:
            with contextlib.suppress(OSError):
                found += [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return found

    def cpu(self):
        """Seconds of CPU of this program and its children so far."""
        total = 0
        for pid in self.pids():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def memory(self, field):
        """MB of this program and its children: VmRSS or RssAnon."""
        total = 0
        for pid in self.pids():
            for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith(field + ":"):
                    total += int(line.split()[1])
        return total * 1024 / MB

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()


def nginx(scratch, content):
    """Starts nginx with sendfile: one port without a limit, one with 100 MB/s a connection, one with TLS."""
    ports = [free_port() for _ in range(3)]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", scratch / "key.pem", "-out", scratch / "cert.pem"],
        check=True, capture_output=True)
    where = f"""
      root {content.root}; access_log off; keepalive_requests 1000000000;
      location = /v2/ {{ default_type application/json; index index.html; }}
      location ~ /manifests/ {{ default_type {MANIFEST}; }}
      location / {{ default_type application/octet-stream; }}"""
    (scratch / "nginx.conf").write_text(f"""
      worker_processes {os.cpu_count()}; daemon off; pid {scratch}/nginx.pid; error_log {scratch}/nginx-error.log;
      worker_rlimit_nofile 10000;
      events {{ worker_connections 4096; }}
      http {{
        sendfile on; tcp_nopush on; types {{ }} client_body_temp_path {scratch}/t1; proxy_temp_path {scratch}/t2;
        fastcgi_temp_path {scratch}/t3; uwsgi_temp_path {scratch}/t4; scgi_temp_path {scratch}/t5;
        server {{ listen 127.0.0.1:{ports[0]} backlog=4096; {where} }}
        server {{ listen 127.0.0.1:{ports[1]}; limit_rate 100000000; {where} }}
        server {{ listen 127.0.0.1:{ports[2]} ssl; ssl_certificate {scratch}/cert.pem;
                  ssl_certificate_key {scratch}/key.pem; {where} }}
      }}""")
    server = Server("nginx", [find("nginx"), "-c", scratch / "nginx.conf"], ports[0], scratch=scratch)
    server.limited, server.tls = ports[1], ports[2]
    return server


def configuration(scratch, cache, upstream, port, extra=""):
    file = scratch / f"{cache}.yaml"
    file.write_text(f"""
imagePath: {scratch}/{cache}
host: 127.0.0.1
port: {port}
{extra}
registries:
- name: fast.bench
  endpoint: http://127.0.0.1:{upstream.port}
- name: limited.bench
  endpoint: http://127.0.0.1:{upstream.limited}
""")
    return file


def jar(scratch, upstream, cache="jar", extra="", options=(), command=()):
    port = free_port()
    file = configuration(scratch, cache, upstream, port, extra)
    command = command or ["java", *options, "-jar", ROOT / "target/ociregistry.jar"]
    server = Server("jar", [*command, "--config-file", file, "serve"], port, "/livez", scratch)
    server.query = "?ns=fast.bench"
    return server


def tomcat(scratch, upstream):
    """Starts the WAR in a Tomcat with Debian's defaults, or returns None."""
    home = pathlib.Path("/usr/share/tomcat10")
    if not home.exists() or not (ROOT / "target/ociregistry.war").exists():
        return None
    base, port = scratch / "tomcat", free_port()
    for name in ("conf", "logs", "temp", "webapps", "work"):
        (base / name).mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "target/ociregistry.war", base / "webapps/ROOT.war")
    shutil.copy("/etc/tomcat10/web.xml", base / "conf")
    (base / "conf/server.xml").write_text(f"""
<Server port="-1"><Service name="Catalina">
  <Connector port="{port}" address="127.0.0.1" protocol="HTTP/1.1" connectionTimeout="20000"
             maxKeepAliveRequests="-1"/>
  <Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="webapps"/></Engine>
</Service></Server>""")
    file = configuration(scratch, "war", upstream, port)
    environment = dict(os.environ, CATALINA_HOME=str(home), CATALINA_BASE=str(base), OCIREGISTRY_CONFIG=str(file))
    server = Server("WAR", [home / "bin/catalina.sh", "run"], port, "/livez", scratch, environment)
    deadline = time.monotonic() + 60
    while not answers(server, "/livez") and time.monotonic() < deadline:
        time.sleep(0.1)
    server.query = "?ns=fast.bench"
    return server


def docker_registry(scratch, remote=None):
    """Starts docker-registry as a registry, or as a pull-through cache of `remote`; returns None if there is none."""
    if not find("docker-registry"):
        return None
    name, port = "docker-registry proxy" if remote else "docker-registry", free_port()
    file = scratch / (name.replace(" ", "-") + ".yml")
    proxy = f"proxy:\n  remoteurl: http://127.0.0.1:{remote.port}\n" if remote else ""
    file.write_text(f"version: 0.1\nlog:\n  level: error\n  accesslog:\n    disabled: true\n"
                    f"storage:\n  filesystem:\n    rootdirectory: {scratch}/{name.replace(' ', '-')}\n"
                    f"http:\n  addr: 127.0.0.1:{port}\n{proxy}")
    return Server(name, [find("docker-registry"), "serve", file], port, scratch=scratch)


def answers(server, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=60) as answer:
            while answer.read(1 << 20):
                pass
            return answer.status == 200
    except OSError:
        return False


def push(server, content, blobs, tags):
    """Uploads blobs and manifests of bench/app to a registry."""
    base = f"http://127.0.0.1:{server.port}"
    for digest in blobs:
        start = urllib.request.urlopen(urllib.request.Request(base + "/v2/bench/app/blobs/uploads/", method="POST"))
        location = start.headers["Location"]
        file = content.root / "v2/bench/app/blobs" / digest
        with open(file, "rb") as body:
            urllib.request.urlopen(urllib.request.Request(
                location + ("&" if "?" in location else "?") + "digest=" + digest, body, method="PUT",
                headers={"Content-Type": "application/octet-stream", "Content-Length": str(file.stat().st_size)}))
    for tag in tags:
        body = (content.root / "v2/bench/app/manifests" / tag).read_bytes()
        urllib.request.urlopen(urllib.request.Request(
            f"{base}/v2/bench/app/manifests/{tag}", body, method="PUT", headers={"Content-Type": MANIFEST}))


# --- measuring ------------------------------------------------------------------------------------------------------


class Bench:
    def __init__(self, scratch, rounds):
        self.scratch, self.rounds = scratch, rounds
        self.load_program = scratch / "load"
        subprocess.run(["gcc", "-O2", "-o", self.load_program, ROOT / "bench/load.c"], check=True)
        self.content = Content(scratch / "www")
        self.nginx = nginx(scratch, self.content)
        self.servers = [self.nginx]

    def load(self, server, groups, *options, port=None):
        """Runs the load client on groups of paths, and returns its numbers and the seconds of CPU of the server."""
        file = self.scratch / "paths"
        file.write_text("".join("\n".join(path + server.query for path in group) + "\n\n" for group in groups))
        before = server.cpu()
        done = subprocess.run(
            [self.load_program, *map(str, options), "127.0.0.1", str(port or server.port), file],
            capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"bench: {server.name}: {done.stderr}")
        return dict(json.loads(done.stdout), cpu=server.cpu() - before)

    def add(self, server):
        if server:
            self.servers.append(server)
        return server

    def stop(self):
        for server in reversed(self.servers):
            server.stop()

    # Each part returns lines of Markdown.

    def warm(self):
        sizes = {"256 MB": 256 * MB, "1 MB": MB, "16 KB": 16_000}
        blobs = {name: self.content.blob(size) for name, size in sizes.items()}
        self.content.manifest([(blobs["16 KB"], 16_000)] + [(blobs[name], sizes[name]) for name in sizes], "warm")
        contestants = [self.nginx]
        plain = self.add(docker_registry(self.scratch))
        if plain:
            push(plain, self.content, blobs.values(), ["warm"])
            contestants.append(plain)
        for server in (self.jar(), self.war()):
            if server:
                contestants.append(server)
                for path in ["manifests/warm"] + ["blobs/" + digest for digest in blobs.values()]:
                    if not answers(server, f"/v2/bench/app/{path}{server.query}"):
                        log = pathlib.Path(server.log.name).read_text()[-2000:]
                        raise SystemExit(f"bench: {server.name} does not serve {path}:\n{log}")
        cells = [(f"blob {name}, {count}", f"/v2/bench/app/blobs/{blobs[name]}", count)
                 for name in sizes for count in (1, 32)]
        cells += [(f"manifest, {count}", "/v2/bench/app/manifests/warm", count) for count in (1, 32, 256)]
        for server in contestants:      # the first seconds of a JVM are not its speed
            for _, path, count in cells:
                self.load(server, [[path]], "-c", count, "-t", 2 if server.query else 0.2)
        lines = self.header(["content, connections"] + [server.name for server in contestants])
        for name, path, count in cells:
            runs = collections.defaultdict(list)
            for _ in range(self.rounds):
                for server in contestants:
                    runs[server.name].append(self.load(server, [[path]], "-c", count, "-w", 0.2, "-t", 1.2))
            speed = {key: statistics.median(run["bytes" if "MB" in name else "requests"] / run["seconds"]
                                            for run in some) for key, some in runs.items()}
            row = [name]
            for server in contestants:
                some, value = runs[server.name], speed[server.name]
                cost = statistics.median(
                    run["cpu"] / max(1e-9, run["bytes"] / 1e9 if "MB" in name else run["requests"] / 1e6)
                    for run in some)
                unit, what = ("MB/s", "s/GB") if "MB" in name else ("/s", "µs")
                shown = value / MB if "MB" in name else value
                row.append(f"{shown:,.0f} {unit} ({value / speed['nginx']:.2f}x), {cost:.3g} {what}")
            lines.append("| " + " | ".join(row) + " |")
        return ["## Warm: everything is cached", "",
                "Throughput, ratio to nginx with sendfile, and CPU of the server per GB or per request.", ""] + lines

    def tls(self):
        """One client with TLS, 256 MB; the client is curl."""
        if not find("curl"):
            return ["TLS was not measured: curl is not installed."]
        digest = self.content.blob(256 * MB)
        extra = f"serverTlsConfig: {{cert: {self.scratch}/cert.pem, key: {self.scratch}/key.pem}}"
        port = free_port()
        file = configuration(self.scratch, "tls", self.nginx, port, extra)
        process = subprocess.Popen(["java", "-jar", ROOT / "target/ociregistry.jar", "--config-file", file, "serve"])
        try:
            targets = {"nginx": f"https://127.0.0.1:{self.nginx.tls}/v2/bench/app/blobs/{digest}",
                       "jar": f"https://127.0.0.1:{port}/v2/bench/app/blobs/{digest}?ns=fast.bench"}
            fetch = lambda url: subprocess.run(
                ["curl", "-sSf", "--cacert", self.scratch / "cert.pem", "-o", "/dev/null", "-w", "%{time_total}",
                 "--retry", "20", "--retry-connrefused", "--retry-delay", "1", url],
                check=True, capture_output=True, text=True).stdout
            times = {name: [] for name in targets}
            for _ in range(4):
                fetch(targets["jar"])
            for _ in range(self.rounds):
                for name, url in targets.items():
                    times[name].append(float(fetch(url)))
        finally:
            process.terminate()
            process.wait()
        median = {name: 256 / statistics.median(some) for name, some in times.items()}
        return ["## TLS, 256 MB, 1 connection", "", *self.header(["nginx", "jar"]),
                f"| {median['nginx']:,.0f} MB/s | {median['jar']:,.0f} MB/s"
                f" ({median['jar'] / median['nginx']:.2f}x) |"]

    def cold(self):
        contestants = [self.jar()]
        proxy = self.add(docker_registry(self.scratch, self.nginx))
        if proxy:
            contestants.append(proxy)
        return ["## Cold: 256 MB that are not cached, upstream without a limit", "",
                "Seconds until all clients have the blob, and CPU of the server in seconds. Direct: from the upstream.", "",
                *self.fetches(contestants, self.nginx.port, "?ns=fast.bench")]

    def limited(self):
        return ["## Cold: 256 MB, upstream with 100 MB/s a connection", "",
                *self.fetches([self.jar()], self.nginx.limited, "?ns=limited.bench")]

    def fetches(self, contestants, upstream, query):
        lines = self.header(["clients", "direct"] + [server.name for server in contestants])
        warm_up = self.content.blob(256 * MB)
        for server in contestants:
            self.load(server, [[f"/v2/bench/app/blobs/{warm_up}"]], "-n", 1)
        for count in (1, 8, 32):
            times, cpu = collections.defaultdict(list), collections.defaultdict(list)
            for _ in range(max(3, self.rounds // 2 + 1)):
                for server in [None] + contestants:
                    path = f"/v2/bench/app/blobs/{self.content.blob(256 * MB)}"
                    if server is None:
                        times["direct"].append(
                            self.load(self.nginx, [[path]], "-c", count, "-n", count, port=upstream)["seconds"])
                        continue
                    ours = server.query
                    server.query = query if ours else ""
                    run = self.load(server, [[path]], "-c", count, "-n", count)
                    server.query = ours
                    times[server.name].append(run["seconds"])
                    cpu[server.name].append(run["cpu"])
            direct = statistics.median(times["direct"])
            row = [str(count), f"{direct:.2f} s"]
            for server in contestants:
                middle = statistics.median(times[server.name])
                row.append(f"{middle:.2f} s ({direct / middle:.2f}x), {statistics.median(cpu[server.name]):.2f} s CPU")
            lines.append("| " + " | ".join(row) + " |")
        return lines

    def first_byte(self):
        """Blobs of a manifest that the server knows, as in a pull; without prefetch, which would fetch them before."""
        server = self.add(jar(self.scratch, self.nginx, cache="lazy", extra="prefetch: false"))
        blobs = [self.content.blob(MB) for _ in range(200)]
        self.content.manifest([(digest, MB) for digest in blobs], "first-byte")
        self.load(server, [["/v2/bench/app/manifests/first-byte"]], "-n", 1)
        delays = []
        for digest in blobs:
            path = f"/v2/bench/app/blobs/{digest}"
            through = self.load(server, [[path]], "-n", 1)["first_byte"]["p50"]
            direct = self.load(self.nginx, [[path]], "-n", 1)["first_byte"]["p50"]
            delays.append((through - direct) * 1000)
        early, late = delays[:50], delays[-50:]
        return ["## First byte of a cold blob", "",
                f"The first byte of a cold 1 MB blob came {statistics.median(late):.1f} ms after the upstream's (median"
                f" of 50; 90 % within {sorted(late)[45]:.1f} ms). For the first 50 blobs after the start of the server"
                f" it was {statistics.median(early):.1f} ms."]

    def tiny(self):
        count, groups = 1500, []
        for number in range(count):
            name = f"bench/tiny{number}"
            blobs = [(self.content.blob(1000, name), 1000) for _ in range(6)]
            self.content.manifest(blobs, "1", name)
            groups.append([f"/v2/{name}/manifests/1"] + [f"/v2/{name}/blobs/{digest}" for digest, _ in blobs])
        lines = self.header(["server", "from the upstream", "CPU an image", "from the cache", "CPU an image"])
        for server in [self.jar(), self.add(docker_registry(self.scratch, self.nginx))]:
            if not server:
                continue
            row = [server.name]
            for _ in ("cold", "warm"):
                run = self.load(server, groups, "-c", 10, "-n", count)
                row += [f"{count / run['seconds']:,.0f} images/s", f"{run['cpu'] / count * 1000:.2f} ms"]
            lines.append("| " + " | ".join(row) + " |")
        return [f"## {count} tiny images", "",
                "Images of 5 layers of 1 KB, pulled by 10 clients. The upstream is nginx with static files.", "",
                *lines, *self.system_calls()]

    def system_calls(self):
        if not find("strace"):
            return ["", "System calls were not counted: strace is not installed."]
        server, name = self.jar(), "bench/traced"
        blobs = [(self.content.blob(1000, name), 1000) for _ in range(6)]
        self.content.manifest(blobs, "1", name)
        table = self.scratch / "strace"
        tracer = subprocess.Popen(["strace", "-f", "-c", "-S", "calls", "-o", table, "-p", str(server.process.pid)],
                                  stderr=subprocess.DEVNULL)
        time.sleep(1.5)
        self.load(server, [[f"/v2/{name}/manifests/1"] + [f"/v2/{name}/blobs/{digest}" for digest, _ in blobs]],
                  "-n", 1)
        time.sleep(1)
        tracer.send_signal(signal.SIGINT)
        tracer.wait()
        calls = [line.split() for line in table.read_text().splitlines()[2:]]
        most = [f"{fields[3]} {fields[-1]}" for fields in calls if len(fields) > 4 and fields[3].isdigit()][:12]
        return ["", "System calls for one of them, cold, with those of idle threads in 2.5 s: " + ", ".join(most) + "."]

    def slow(self):
        digest = self.content.blob(256 * MB)
        path = f"/v2/bench/app/blobs/{digest}"
        self.content.manifest([(digest, 256 * MB)], "slow")
        lines = self.header(["server", "memory before", "more during", "manifest, median", "manifest, worst"])
        for server in (self.nginx, self.jar()):
            probe = "/v2/bench/app/manifests/slow" + server.query
            self.load(server, [[path], [probe[:len(probe) - len(server.query)]]], "-n", 2)
            before, peak, over = server.memory("RssAnon"), [0.0], threading.Event()

            def watch():
                while not over.wait(0.2):
                    peak[0] = max(peak[0], server.memory("RssAnon"))

            watcher = threading.Thread(target=watch)
            watcher.start()
            run = self.load(server, [[path]], "-c", 2000, "-r", 50_000, "-t", 8, "-q", probe)
            over.set()
            watcher.join()
            lines.append(f"| {server.name} | {before:.0f} MB | {peak[0] - before:+.0f} MB"
                         f" | {run['probe']['p50'] * 1000:.1f} ms | {run['probe']['max'] * 1000:.0f} ms |")
        return ["## 2,000 slow readers", "",
                "2,000 clients read a cached blob of 256 MB at 50 KB/s each, while another client asks for a manifest.",
                "", *lines]

    def start(self):
        path = "/v2/bench/app/manifests/start"
        self.content.manifest([(self.content.blob(1000), 1000)], "start")
        lines = self.header(["command", "start to the first 200", "RSS idle", "after 20,000 manifests"])
        middle = statistics.median
        for name, command in {"java -jar": ["java", "-jar", ROOT / "target/ociregistry.jar"],
                              "launcher, with its class archive": self.launcher()}.items():
            times, idle, used = [], [], []
            for number in range(self.rounds):
                server = jar(self.scratch, self.nginx, cache=f"start-{command[0]}-{number}".replace("/", "-"),
                             command=command)
                try:
                    times.append(server.ready)
                    time.sleep(2)
                    idle.append(server.memory("VmRSS"))
                    self.load(server, [[path]], "-c", 8, "-n", 20_000)
                    used.append(server.memory("VmRSS"))
                finally:
                    server.stop()
            lines.append(f"| {name} | {middle(times):.2f} s | {middle(idle):.0f} MB | {middle(used):.0f} MB |")
        return ["## Start and memory", "", *lines]

    def launcher(self):
        """The launcher beside a copy of the jar, after a first start has made the class archive."""
        place, archives = self.scratch / "installed", self.scratch / "archives"
        place.mkdir()
        shutil.copy2(ROOT / "ociregistry", place)
        shutil.copy2(ROOT / "target/ociregistry.jar", place)
        command = ["env", f"CACHE_DIRECTORY={archives}", place / "ociregistry"]
        first = jar(self.scratch, self.nginx, cache="start-first", command=command)
        deadline = time.monotonic() + 120
        while not list(archives.glob("*.jsa")) and time.monotonic() < deadline:
            time.sleep(0.2)
        first.stop()
        return command

    def log(self):
        """The price of the access log: warm manifests at info beside error."""
        path, ratios = "/v2/bench/app/manifests/log", []
        self.content.manifest([(self.content.blob(1000), 1000)], "log")
        servers = [jar(self.scratch, self.nginx, "log-" + level, f"logLevel: {level}") for level in ("error", "info")]
        try:
            for server in servers:
                self.load(server, [[path]], "-c", 32, "-t", 3)
            for _ in range(self.rounds):
                quiet, chatty = (self.load(server, [[path]], "-c", 32, "-t", 1.5) for server in servers)
                ratios.append(chatty["cpu"] / chatty["requests"] / (quiet["cpu"] / quiet["requests"]))
        finally:
            for server in servers:
                server.stop()
        return ["## Access log", "",
                f"A warm manifest at `logLevel: info` costs {statistics.median(ratios):.2f} times the CPU of one at"
                " `error`."]

    # The server of several parts.

    def jar(self):
        return self.once("jar", lambda: jar(self.scratch, self.nginx))

    def war(self):
        return self.once("WAR", lambda: tomcat(self.scratch, self.nginx))

    def once(self, name, start):
        for server in self.servers:
            if server.name == name:
                return server
        return self.add(start())

    @staticmethod
    def header(columns):
        return ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]


def facts():
    model = "unknown"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
    first = lambda *command: (lambda done: (done.stdout + done.stderr).splitlines()[0])(
        subprocess.run(command, capture_output=True, text=True))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    rows = [f"{os.cpu_count()} CPUs ({model}), {memory:.0f} GiB, Linux {platform.release()}",
            first("java", "-version"), first(find("nginx"), "-v")]
    if find("docker-registry"):
        rows.append(first(find("docker-registry"), "--version"))
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout
    rows.append(f"ociregistry at commit {commit.strip()}, default flags of `java -jar`")
    return ["- " + row for row in rows]


def main():
    parts = ["warm", "tls", "cold", "limited", "first-byte", "tiny", "slow", "start", "log"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, help="the Markdown file; standard output without it")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=",".join(parts), metavar="PART,...")
    options = parser.parse_args()
    wanted = options.only.split(",")
    if unknown := set(wanted) - set(parts):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    if not (ROOT / "target/ociregistry.jar").exists():
        raise SystemExit("bench: target/ociregistry.jar is missing; build it with: mvn -DskipTests package")
    # On a disk: the numbers of a memory file system say nothing about stores.
    with tempfile.TemporaryDirectory(dir=ROOT / "target", prefix="bench-") as name:
        os.chmod(name, 0o755)      # the workers of nginx are another user
        bench = Bench(pathlib.Path(name), options.rounds)
        lines = ["# Benchmarks", "",
                 f"Written by `bench/bench.py` on {time.strftime('%Y-%m-%d')}; medians of {options.rounds} rounds in"
                 " which the servers take turns. Client and servers share the machine.", "", *facts()]
        try:
            for part in parts:
                if part in wanted:
                    print(f"bench: {part}", file=sys.stderr)
                    lines += ["", *getattr(bench, part.replace("-", "_"))()]
                    if options.output:
                        options.output.write_text("\n".join(lines) + "\n")
        finally:
            bench.stop()
            if not options.output:
                print("\n".join(lines))


if __name__ == "__main__":
    main()
