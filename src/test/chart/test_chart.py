"""
Tests of the Helm chart, the alert rules, the dashboards and the commands of docs/kubernetes.md. They need helm and
promtool on the PATH, kubernetes-validate, and target/ociregistry.jar. ./test.sh runs them with OCIREGISTRY_CHART=true.
"""
import copy
import functools
import hashlib
import io
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tarfile
import tempfile
import time
import unittest
import urllib.request

import jsonschema
import kubernetes_validate
import yaml

import values_table

ROOT = pathlib.Path(__file__).parents[3]
CHART = ROOT / "conf/helm/ociregistry"
RULES = ROOT / "conf/prometheus/rules.yaml"
DASHBOARDS = {name: ROOT / f"conf/grafana/{name}.json" for name in ("well", "upstreams")}
JAR = ROOT / "target/ociregistry.jar"
IMAGE = {"image": {"repository": "registry.example.com/ociregistry"}}

# Types that are not part of Kubernetes, so kubernetes-validate has no schema of them.
CUSTOM = {"ServiceMonitor", "PrometheusRule"}

# One entry for each value that changes the shape of the output.
MATRIX = {
    "defaults": {},
    "digest and pull secrets": {"image": {"digest": "sha256:" + "a" * 64, "pullSecrets": ["login"]}},
    "stopped": {"replicas": 0},
    "existing claim": {"storage": {"persistentVolume": {"existingClaim": "cache"}}},
    "own claim": {"storage": {"persistentVolume": {
        "size": "1.5Ti", "storageClassName": "fast", "keep": False, "annotations": {"a": "b"}}}},
    "cluster IP": {"service": {"type": "ClusterIP", "annotations": {"a": "b"}}},
    "load balancer": {"service": {"type": "LoadBalancer", "port": 80}},
    "secrets and environment": {
        "secretFiles": ["docker-hub", "ca.example"],
        "env": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"},
                {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "x", "key": "password"}}}]},
    "TLS and passwords": {
        "config": {"serverTlsConfig": {"cert": "/run/secrets/tls/tls.crt", "key": "/run/secrets/tls/tls.key"},
                   "clients": {"tokenFile": "/run/secrets/clients/token"}},
        "test": {"auth": {"token": {"static": "secret"}}}},
    "metrics": {"metrics": {"enabled": True}},
    "all of monitoring": {"metrics": {
        "enabled": True, "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "rules": {"enabled": True, "labels": {"release": "prometheus"}},
        "dashboards": {"enabled": True, "annotations": {"folder": "Registries"}}}},
    "network policy": {"networkPolicy": {"enabled": True}},
    "narrow network policy": {
        "metrics": {"enabled": True},
        "networkPolicy": {"enabled": True, "from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}],
                          "metricsFrom": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}],
                          "egress": [{"ports": [{"port": 443}]}]}},
    "nodes": {"nodes": {"enabled": True}},
    "some nodes": {"nodes": {"enabled": True, "directory": "/srv/certs.d", "nodeSelector": {"edge": "yes"},
                             "tolerations": []}, "service": {"nodePort": 31000}, "image": {"pullSecrets": ["login"]}},
    "placement": {
        "nodeSelector": {"disk": "ssd"}, "tolerations": [{"key": "edge", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}}, "priorityClassName": "system-cluster-critical",
        "podLabels": {"team": "edge"}, "podAnnotations": {"a": "b"}},
    "names": {"nameOverride": "cache", "fullnameOverride": "images"},
}

REFUSED = [
    ({"replica": 1}, "additional properties 'replica' not allowed"),
    ({"replicas": 2}, "0 or 1, because one server at a time may use a cache on a volume"),
    ({"image": {"repo": "x"}}, "at '/image': additional properties 'repo' not allowed"),
    ({"image": {"digest": "sha256:1"}}, "/image/digest"),
    ({"image": {"repository": ""}}, "there is no public image: build one with conf/Dockerfile"),
    ({"config": {"logLevl": "info"}}, "at '/config': additional properties 'logLevl' not allowed"),
    ({"config": {"port": 80}}, "at '/config': additional properties 'port' not allowed"),
    ({"config": {"imagePath": "/data"}}, "additional properties 'imagePath' not allowed"),
    ({"config": {"logLevel": "loud"}}, "/config/logLevel"),
    ({"storage": {"objectStore": {}}}, "additional properties 'objectStore' not allowed"),
    ({"storage": {"persistentVolume": {"size": "50 GB"}}}, "/storage/persistentVolume/size"),
    ({"service": {"type": "HostPort"}}, "/service/type"),
    ({"memory": {"heap": "256m"}}, "/memory/heap"),
    ({"nodes": {"enable": True}}, "additional properties 'enable' not allowed"),
    ({"nodes": {"enabled": True}, "service": {"type": "ClusterIP"}}, "nodes.enabled needs service.type=NodePort"),
    ({"nodes": {"enabled": True}, "replicas": 0}, "set nodes.enabled=false"),
    ({"nodes": {"enabled": True}, "config": {"serverTlsConfig": {"cert": "/c"}}}, "plain HTTP only"),
    ({"metrics": {"serviceMonitor": {"enabled": True}}}, "set metrics.enabled=true too"),
]

METRICS_PAGE = ROOT / "docs/metrics.md"
# Made by Prometheus itself.
FOREIGN_METRICS = {"up"}
UNITS = {"short", "percentunit", "bytes", "Bps", "s", "reqps", "ops"}


def merged(base, changes):
    result = copy.deepcopy(base)
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


def run(*command, **options):
    return subprocess.run([str(part) for part in command], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=120, **options)


def helm(verb, values, *names, chart=CHART):
    """Runs helm with IMAGE and these values."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(merged(IMAGE, values), file)
        file.flush()
        return run("helm", *verb.split(), *names, chart, "--values", file.name)


@functools.lru_cache(maxsize=None)
def template(values):
    done = helm("template --namespace edge", json.loads(values), "cache")
    assert done.returncode == 0, done.stdout
    return done.stdout


def objects(values=None):
    """Returns the objects of a release "cache" by kind and name."""
    found = {}
    for entry in yaml.safe_load_all(template(json.dumps(values or {}))):
        if entry:
            key = f"{entry['kind']} {entry['metadata']['name']}"
            assert key not in found, f"{key} twice"
            found[key] = entry
    return found


def pod_of(entry):
    return entry["spec"] if entry["kind"] == "Pod" else entry["spec"]["template"]["spec"]


def server(values=None):
    return pod_of(objects(values)["Deployment cache-ociregistry"])


class RenderedOutput(unittest.TestCase):
    def test_lint_accepts_every_combination(self):
        for name, values in MATRIX.items():
            with self.subTest(name):
                done = helm("lint --strict", values)
                self.assertEqual(0, done.returncode, done.stdout)

    def test_every_object_is_valid_in_oldest_and_newest_kubernetes(self):
        for name, values in MATRIX.items():
            for key, entry in objects(values).items():
                if entry["kind"] in CUSTOM:
                    continue
                for version in ("1.29", kubernetes_validate.latest_version()):
                    with self.subTest(name, object=key, version=version):
                        kubernetes_validate.validate(entry, version, strict=True)

    def test_validator_refuses_wrong_object(self):
        entry = copy.deepcopy(objects()["Deployment cache-ociregistry"])
        entry["spec"]["template"]["spec"]["containers"][0]["port"] = 1
        with self.assertRaises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(entry, "1.29", strict=True)

    def test_mistakes_are_refused(self):
        for values, message in REFUSED:
            with self.subTest(str(values)):
                done = helm("template", values, "cache")
                self.assertNotEqual(0, done.returncode)
                self.assertIn(message, done.stdout)

    def test_every_label_selector_finds_its_pods(self):
        found = objects(merged(MATRIX["all of monitoring"], MATRIX["nodes"]))
        for entry in found.values():
            if entry["kind"] in ("Deployment", "DaemonSet"):
                labels = entry["spec"]["template"]["metadata"]["labels"]
                self.assertLessEqual(entry["spec"]["selector"]["matchLabels"].items(), labels.items())
        labels = found["Deployment cache-ociregistry"]["spec"]["template"]["metadata"]["labels"]
        for name in ("cache-ociregistry", "cache-ociregistry-metrics"):
            self.assertLessEqual(found[f"Service {name}"]["spec"]["selector"].items(), labels.items())
        selector = found["ServiceMonitor cache-ociregistry"]["spec"]["selector"]["matchLabels"]
        matching = [name for name, entry in found.items() if entry["kind"] == "Service"
                    and selector.items() <= entry["metadata"]["labels"].items()]
        self.assertEqual(["Service cache-ociregistry-metrics"], matching)

    def test_new_version_of_chart_alone_changes_no_pod(self):
        for entry in objects(MATRIX["nodes"]).values():
            if entry["kind"] in ("Deployment", "DaemonSet"):
                self.assertNotIn("helm.sh/chart", entry["spec"]["template"]["metadata"]["labels"])

    def test_pods_fit_restricted_standard_except_on_nodes(self):
        for name, values in MATRIX.items():
            for key, entry in objects(values).items():
                if entry["kind"] not in ("Deployment", "DaemonSet", "Pod"):
                    continue
                pod = pod_of(entry)
                on_node = entry["kind"] == "DaemonSet"
                with self.subTest(name, object=key):
                    self.assertFalse(pod["automountServiceAccountToken"])
                    self.assertEqual("RuntimeDefault", pod["securityContext"]["seccompProfile"]["type"])
                    self.assertEqual(not on_node, pod["securityContext"].get("runAsNonRoot", False))
                    self.assertEqual(on_node, pod.get("hostNetwork", False))
                    self.assertEqual(on_node, any("hostPath" in volume for volume in pod["volumes"]))
                    for container in pod.get("initContainers", []) + pod["containers"]:
                        context = container["securityContext"]
                        self.assertFalse(context["allowPrivilegeEscalation"])
                        self.assertTrue(context["readOnlyRootFilesystem"])
                        self.assertEqual({"drop": ["ALL"]}, context["capabilities"])
                        self.assertNotIn("privileged", context)
                        self.assertIn("memory", container["resources"]["limits"])


class Server(unittest.TestCase):
    def test_one_server_is_replaced_and_not_joined(self):
        spec = objects()["Deployment cache-ociregistry"]["spec"]
        self.assertEqual(1, spec["replicas"])
        self.assertEqual({"type": "Recreate"}, spec["strategy"])
        self.assertEqual(0, objects(MATRIX["stopped"])["Deployment cache-ociregistry"]["spec"]["replicas"])
        self.assertFalse([key for key in objects() if key.startswith("PodDisruptionBudget")])

    def test_digest_takes_precedence_over_tag(self):
        images = [server(values)["containers"][0]["image"] for values in (
            {}, {"image": {"tag": "1.2"}}, {"image": {"tag": "1.2", "digest": "sha256:" + "b" * 64}})]
        version = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
        self.assertEqual([
            f"registry.example.com/ociregistry:{version}", "registry.example.com/ociregistry:1.2",
            "registry.example.com/ociregistry@sha256:" + "b" * 64], images)

    def test_chart_has_version_of_product(self):
        chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
        version = re.search(r"<version>(.*?)</version>", (ROOT / "pom.xml").read_text())[1]
        self.assertEqual((version, version), (chart["version"], chart["appVersion"]))

    def test_probes_ask_port_for_health(self):
        container = server()["containers"][0]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        config = self.config()
        self.assertEqual({"registry": config["port"], "health": config["health"]}, ports)
        for probe, path in (("startupProbe", "/startupz"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
            self.assertEqual({"path": path, "port": "health"}, container[probe]["httpGet"])

    def test_limit_is_heap_and_overhead(self):
        container = server({"memory": {"heap": 1000, "overhead": 200}})["containers"][0]
        self.assertEqual("1200Mi", container["resources"]["limits"]["memory"])
        self.assertEqual("1200Mi", container["resources"]["requests"]["memory"])
        self.assertIn("-Xmx1000m ", container["env"][0]["value"])

    def config(self, values=None):
        return yaml.safe_load(objects(values)["Secret cache-ociregistry"]["stringData"]["config.yaml"])

    def test_configuration_is_passed_on_with_ports_of_chart(self):
        config = {"maxManifestBytes": 4393216, "registries": [{"name": "docker.io", "limits": {"downloads": 3}}]}
        self.assertEqual(
            {**config, "logLevel": "info", "imagePath": "/var/lib/ociregistry", "host": "0.0.0.0", "port": 8080,
             "health": 8081, "metrics": 9090},
            self.config({"config": config, "metrics": {"enabled": True}}))

    def test_configuration_can_change_without_restart(self):
        spec = objects()["Deployment cache-ociregistry"]["spec"]["template"]
        self.assertNotIn("annotations", spec["metadata"])
        changed = objects({"config": {"logLevel": "debug"}})["Deployment cache-ociregistry"]["spec"]["template"]
        self.assertEqual(spec, changed)
        mount = next(mount for mount in spec["spec"]["containers"][0]["volumeMounts"] if mount["name"] == "config")
        # A subPath would never see a new version of the Secret.
        self.assertEqual({"name": "config", "mountPath": "/etc/ociregistry", "readOnly": True}, mount)

    def test_secret_files_have_mounts(self):
        pod = server(MATRIX["secrets and environment"])
        mounts = {mount["mountPath"]: mount["name"] for mount in pod["containers"][0]["volumeMounts"]}
        secrets = {volume["name"]: volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume}
        for name in ("docker-hub", "ca.example"):
            self.assertEqual(name, secrets[mounts[f"/run/secrets/{name}"]])

    def test_secrets_are_readable_for_group_of_server_only(self):
        pod = server(MATRIX["secrets and environment"])
        self.assertEqual(3, sum("secret" in volume for volume in pod["volumes"]))
        for volume in pod["volumes"]:
            self.assertEqual(0o440, volume.get("secret", {"defaultMode": 0o440})["defaultMode"], volume)
        self.assertEqual(pod["securityContext"]["runAsGroup"], pod["securityContext"]["fsGroup"])

    def test_claim_survives_uninstall_unless_told_otherwise(self):
        claim = objects()["PersistentVolumeClaim cache-ociregistry"]
        self.assertEqual("keep", claim["metadata"]["annotations"]["helm.sh/resource-policy"])
        claim = objects(MATRIX["own claim"])["PersistentVolumeClaim cache-ociregistry"]
        self.assertEqual({"a": "b"}, claim["metadata"]["annotations"])
        self.assertEqual("fast", claim["spec"]["storageClassName"])

    def test_existing_claim_is_used(self):
        found = objects(MATRIX["existing claim"])
        self.assertFalse([key for key in found if key.startswith("PersistentVolumeClaim")])
        volume = next(volume for volume in pod_of(found["Deployment cache-ociregistry"])["volumes"]
                      if volume["name"] == "cache")
        self.assertEqual("cache", volume["persistentVolumeClaim"]["claimName"])

    def test_only_node_port_service_has_node_port(self):
        for service_type, port in (("NodePort", 30500), ("ClusterIP", None), ("LoadBalancer", None)):
            service = objects({"service": {"type": service_type}})["Service cache-ociregistry"]["spec"]
            self.assertEqual((service_type, port), (service["type"], service["ports"][0].get("nodePort")))

    def test_stop_has_time_to_drain(self):
        default = re.search(r"^shutdownTimeout: (\d+)s", (ROOT / "conf/ociregistry.yaml").read_text(), re.M)
        self.assertGreater(server()["terminationGracePeriodSeconds"], int(default[1]) + 5)

    def test_network_policy_limits_ports_and_sources(self):
        policy = objects(MATRIX["network policy"])["NetworkPolicy cache-ociregistry"]["spec"]
        self.assertEqual(["Ingress"], policy["policyTypes"])
        self.assertEqual([{"ports": [{"port": "registry"}]}], policy["ingress"])
        policy = objects(MATRIX["narrow network policy"])["NetworkPolicy cache-ociregistry"]["spec"]
        self.assertEqual(["Ingress", "Egress"], policy["policyTypes"])
        self.assertEqual([{"ports": [{"port": 443}]}], policy["egress"])
        self.assertEqual({"port": "metrics"}, policy["ingress"][1]["ports"][0])
        self.assertIn("namespaceSelector", policy["ingress"][1]["from"][0])

    def test_monitoring_is_complete_or_absent(self):
        kinds = {key.split()[0] for key in objects()}
        self.assertFalse(kinds & CUSTOM)
        found = objects(MATRIX["all of monitoring"])
        self.assertEqual(yaml.safe_load(RULES.read_text()), found["PrometheusRule cache-ociregistry"]["spec"])
        dashboards = found["ConfigMap cache-ociregistry-dashboards"]
        self.assertEqual("1", dashboards["metadata"]["labels"]["grafana_dashboard"])
        for name, file in DASHBOARDS.items():
            self.assertEqual(json.loads(file.read_text()), json.loads(dashboards["data"][f"ociregistry-{name}.json"]))
        for key in ("PrometheusRule cache-ociregistry", "ServiceMonitor cache-ociregistry"):
            self.assertEqual("prometheus", found[key]["metadata"]["labels"]["release"])
        endpoint = found["ServiceMonitor cache-ociregistry"]["spec"]["endpoints"][0]
        self.assertIn(endpoint["port"], [
            port["name"] for port in found["Service cache-ociregistry-metrics"]["spec"]["ports"]])


class Nodes(unittest.TestCase):
    def pod(self, name="nodes"):
        return pod_of(objects(MATRIX[name])["DaemonSet cache-ociregistry-nodes"])

    def test_file_is_written_after_cache_answers_on_node(self):
        pod = self.pod("some nodes")
        wait, write = pod["initContainers"]
        # A container with restartPolicy Always delays the next one until its startupProbe succeeds.
        self.assertEqual("Always", wait["restartPolicy"])
        self.assertEqual({"path": "/readyz", "port": 31000}, wait["startupProbe"]["httpGet"])
        self.assertTrue(pod["hostNetwork"], "the probe asks the address of the pod, which has to be that of the node")
        self.assertEqual(
            ["ociregistry", "hosts", "--dir", "/host/certs.d", "--server", "http://$(NODE_IP):31000"],
            write["command"])
        self.assertIn({"name": "NODE_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}}, write["env"])
        self.assertIn({"name": "certs-d", "mountPath": "/host/certs.d"}, write["volumeMounts"])
        self.assertEqual("/srv/certs.d", next(
            volume["hostPath"]["path"] for volume in pod["volumes"] if volume["name"] == "certs-d"))

    def test_file_is_removed_when_pod_ends(self):
        undo = self.pod()["containers"][0]
        command = undo["lifecycle"]["preStop"]["exec"]["command"]
        self.assertEqual(["ociregistry", "hosts", "--dir", "/host/certs.d"], command[:4])
        self.assertEqual("--remove", command[-1])
        # Kubernetes expands no variables here.
        self.assertNotIn("$", "".join(command))
        self.assertIn({"name": "certs-d", "mountPath": "/host/certs.d"}, undo["volumeMounts"])

    def test_all_nodes_are_reached_by_default(self):
        self.assertEqual([{"operator": "Exists"}], self.pod()["tolerations"])
        self.assertNotIn("nodeSelector", self.pod())
        self.assertEqual({"edge": "yes"}, self.pod("some nodes")["nodeSelector"])

    def test_options_are_those_of_command_line(self):
        page = (ROOT / "docs/command-line.md").read_text()
        commands = [container["command"] for container in self.pod()["initContainers"][1:] + self.pod()["containers"]]
        commands.append(self.pod()["containers"][0]["lifecycle"]["preStop"]["exec"]["command"])
        commands.append(objects()["Pod cache-ociregistry-test"]["spec"]["containers"][0]["command"])
        for command in commands:
            verb = next(word for word in command if word in ("hosts", "serve", "load"))
            section = re.search(rf"^## {verb}\n(.*?)(?=^## |\Z)", page, re.S | re.M)
            if not section and verb == "hosts":
                continue
            allowed = section[1] + page.split("\n## serve")[0]
            for option in (word for word in command if word.startswith("--")):
                self.assertIn(f"`{option}", allowed, command)


class Values(unittest.TestCase):
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())

    def test_schema_refuses_unknown_keys_everywhere(self):
        def walk(schema, path):
            if "properties" in schema:
                self.assertIs(False, schema.get("additionalProperties"), path)
                for name, entry in schema["properties"].items():
                    walk(entry, f"{path}.{name}")
        walk(self.schema, "")

    def test_schema_is_valid(self):
        jsonschema.Draft202012Validator.check_schema(self.schema)

    def test_schema_and_values_have_same_keys(self):
        def walk(schema, values, path):
            self.assertEqual(set(schema["properties"]) - {"global"}, set(values), path)
            for name, entry in schema["properties"].items():
                if "properties" in entry and name != "config":
                    walk(entry, values[name], f"{path}.{name}")
        walk(self.schema, self.values, "")

    def test_config_has_keys_of_product_except_those_of_chart(self):
        example = (ROOT / "conf/ociregistry.yaml").read_text()
        keys = set(re.findall(r"^#?([a-zA-Z]+):", example, re.M))
        owned = {"imagePath", "host", "port", "health", "metrics", "configFile", "helloWorld"}
        self.assertLessEqual(owned, keys)
        self.assertEqual(keys - owned, set(self.schema["properties"]["config"]["properties"]))

    def test_readme_has_table_of_values(self):
        self.assertEqual(values_table.readme(), (CHART / "README.md").read_text(),
                         "run src/test/chart/values_table.py --write")

    def test_notes_say_next_step(self):
        for values, text in (
                ({}, "/etc/containerd/certs.d/_default/hosts.toml"),
                (MATRIX["nodes"], "cache-ociregistry-nodes writes"),
                (MATRIX["cluster IP"], "does not depend on the DNS")):
            with self.subTest(text):
                self.assertIn(text, self.notes(values))

    def notes(self, values):
        """Renders NOTES.txt, which only an installation prints, as an object of a copy of the chart."""
        with tempfile.TemporaryDirectory() as directory:
            copied = pathlib.Path(directory, "chart")
            shutil.copytree(CHART, copied)
            text = (copied / "templates/NOTES.txt").read_text()
            (copied / "templates/_notes.tpl").write_text('{{ define "notes" }}' + text + "{{ end }}")
            (copied / "templates/notes.yaml").write_text('notes: {{ include "notes" . | toJson }}')
            done = helm("template --show-only templates/notes.yaml", values, "cache", chart=copied)
            self.assertEqual(0, done.returncode, done.stdout)
            return yaml.safe_load(done.stdout)["notes"]


def metric_names():
    names = set(re.findall(r"`(ociregistry_[a-z0-9_]+)", METRICS_PAGE.read_text()))
    return names | FOREIGN_METRICS | {
        name + suffix for name in names if name.endswith("_seconds") for suffix in ("_bucket", "_sum", "_count")}


def metrics_in(expression):
    """Returns the names that are neither functions, operators nor labels."""
    bare = re.sub(r'"[^"]*"', "", expression)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", bare)
    bare = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", "", bare)
    words = re.findall(r"\b[a-zA-Z_]\w*\b(?!\s*\()", bare)
    return set(words) - {"and", "or", "unless", "offset", "bool"} - set(re.findall(r"\b\d+[a-z]+\b", bare))


class Rules(unittest.TestCase):
    rules = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]

    def test_promtool_accepts_rules(self):
        done = run("promtool", "check", "rules", RULES)
        self.assertEqual(0, done.returncode, done.stdout)

    def test_cases_of_rules_pass(self):
        done = run("promtool", "test", "rules", "rules-test.yaml", cwd=ROOT / "conf/prometheus")
        self.assertEqual(0, done.returncode, done.stdout)

    def test_every_alert_has_case(self):
        cases = yaml.safe_load((ROOT / "conf/prometheus/rules-test.yaml").read_text())["tests"]
        raised = {alert["alertname"] for case in cases for alert in case["alert_rule_test"] if alert.get("exp_alerts")}
        self.assertEqual({rule["alert"] for rule in self.rules}, raised)

    def test_alerts_say_state_and_remedy(self):
        for rule in self.rules:
            self.assertEqual({"summary", "description"}, set(rule["annotations"]), rule["alert"])
            self.assertIn(rule["labels"]["severity"], ("warning", "critical"))

    def test_metrics_of_rules_exist(self):
        for rule in self.rules:
            with self.subTest(rule["alert"]):
                self.assertLessEqual(metrics_in(rule["expr"]), metric_names())

    def test_unknown_metric_is_found(self):
        self.assertEqual({"ociregistry_typo", "up"}, metrics_in(
            'sum by (job) (rate(ociregistry_typo{a="b"}[5m])) > 0 and on (job) up offset 1h'))


class Dashboards(unittest.TestCase):
    def boards(self):
        for name, file in DASHBOARDS.items():
            yield name, json.loads(file.read_text())

    def targets(self):
        for name, board in self.boards():
            for panel in board["panels"]:
                for target in panel["targets"]:
                    yield f"{name}: {panel['title']}", target["expr"]

    def test_promtool_accepts_every_expression(self):
        rules = []
        for place, expression in self.targets():
            filled = re.sub(r"\$__(rate_interval|range)", "5m", expression)
            filled = re.sub(r"\$(job|instance|registry)\b", ".*", filled)
            self.assertNotIn("$", filled, place)
            # The place makes the rule unique, and appears in the error.
            rules.append({"record": "expression", "expr": filled, "labels": {"n": str(len(rules)), "place": place}})
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            yaml.safe_dump({"groups": [{"name": "dashboards", "rules": rules}]}, file)
            file.flush()
            done = run("promtool", "check", "rules", file.name)
        self.assertEqual(0, done.returncode, done.stdout)
        self.assertIn(f"{len(rules)} rules found", done.stdout)

    def test_metrics_of_expressions_exist(self):
        for place, expression in self.targets():
            with self.subTest(place):
                found = metrics_in(expression)
                self.assertTrue(found)
                self.assertLessEqual(found, metric_names())

    def test_expressions_select_job_and_instance_and_suit_scrape_interval(self):
        for place, expression in self.targets():
            with self.subTest(place):
                selectors = re.findall(r"\{([^}]*)\}", expression)
                self.assertTrue(selectors)
                for selector in selectors:
                    self.assertIn('job=~"$job", instance=~"$instance"', selector)
                for window in re.findall(r"\[([^\]]*)\]", expression):
                    self.assertIn(window, ("$__rate_interval", "$__range"))
                for function in re.findall(r"rate\([^\[]*\[([^\]]*)\]", expression):
                    self.assertEqual("$__rate_interval", function)

    def test_panels_have_unit_and_variable_data_source(self):
        for name, board in self.boards():
            variables = {variable["name"]: variable for variable in board["templating"]["list"]}
            self.assertEqual("datasource", variables["datasource"]["type"])
            self.assertLessEqual({"job", "instance"}, set(variables))
            ids = [panel["id"] for panel in board["panels"]]
            self.assertEqual(len(ids), len(set(ids)))
            for panel in board["panels"]:
                with self.subTest(f"{name}: {panel['title']}"):
                    self.assertIn(panel["fieldConfig"]["defaults"]["unit"], UNITS)
                    for entry in [panel] + panel["targets"]:
                        self.assertEqual("${datasource}", entry["datasource"]["uid"])

    def test_panels_do_not_overlap(self):
        for name, board in self.boards():
            taken = set()
            for panel in board["panels"]:
                at = panel["gridPos"]
                cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
                self.assertLessEqual(at["x"] + at["w"], 24)
                self.assertFalse(taken & cells, f"{name}: {panel['title']}")
                taken |= cells


class Documentation(unittest.TestCase):
    def test_commands_that_need_no_cluster_succeed(self):
        page = (ROOT / "docs/kubernetes.md").read_text()
        blocks = re.findall(r"^( *)```shell\n(.*?)^ *```", page, re.S | re.M)
        self.assertEqual(4, len(blocks))
        with tempfile.TemporaryDirectory() as directory:
            os.symlink(ROOT / "conf", pathlib.Path(directory, "conf"))
            for indent, block in blocks:
                script = re.sub(f"^{indent}", "", block, flags=re.M)
                done = run("bash", "-euo", "pipefail", "-c", script, cwd=directory)
                self.assertEqual(0, done.returncode, script + done.stdout)
            rendered = pathlib.Path(directory, "rendered.yaml").read_text()
            self.assertIn("kind: DaemonSet", rendered)


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def archive(file, name):
    """Writes an OCI layout with one image as a tar."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("empty"))
    layer = layer.getvalue()
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {},
                         "rootfs": {"type": "layers", "diff_ids": [digest(layer)]}}).encode()
    kind = "application/vnd.oci.image"
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": f"{kind}.manifest.v1+json",
        "config": {"mediaType": f"{kind}.config.v1+json", "digest": digest(config), "size": len(config)},
        "layers": [{"mediaType": f"{kind}.layer.v1.tar", "digest": digest(layer), "size": len(layer)}]}).encode()
    index = json.dumps({"schemaVersion": 2, "manifests": [{
        "mediaType": f"{kind}.manifest.v1+json", "digest": digest(manifest), "size": len(manifest),
        "annotations": {"org.opencontainers.image.ref.name": name}}]}).encode()
    files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": index}
    files.update({"blobs/sha256/" + digest(blob)[7:]: blob for blob in (layer, config, manifest)})
    with tarfile.open(file, "w") as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def java(*arguments):
    return ["java", "-jar", str(JAR), *(str(argument) for argument in arguments)]


class WithServer(unittest.TestCase):
    """Runs the commands of the pods with the jar of the build."""

    def setUp(self):
        self.assertTrue(JAR.exists(), f"{JAR} is made by: mvn -DskipTests package")
        self.directory = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.directory)

    def test_server_accepts_rendered_configuration(self):
        values = merged(MATRIX["all of monitoring"], {"config": {"registries": [
            {"name": "docker.io", "limits": {"bandwidth": "2MiB"}}], "maxManifestBytes": 4393216}})
        config = objects(values)["Secret cache-ociregistry"]["stringData"]["config.yaml"]
        done = self.list_with(config)
        self.assertEqual(0, done.returncode, done.stdout)
        done = self.list_with(config + "unknown: 1\n")
        self.assertNotEqual(0, done.returncode)
        self.assertIn("unknown", done.stdout)

    def list_with(self, config):
        (self.directory / "blobs").mkdir(exist_ok=True)
        (self.directory / "config.yaml").write_text(config)
        return run(*java("--config-file", self.directory / "config.yaml", "--image-path", self.directory, "list"))

    def test_helm_test_pulls_through_cache(self):
        image = objects()["Secret cache-ociregistry-test"]["stringData"]["images.txt"].strip().split("/", 1)[1]
        archive(self.directory / "image.tar", image)
        cache = ("--image-path", self.directory / "images")
        done = run(*java(*cache, "load", "--image-file", self.directory / "image.tar", "--platform", "linux/amd64"))
        self.assertEqual(0, done.returncode, done.stdout)
        port = free_port()
        with open(self.directory / "log", "w") as log:
            server_process = subprocess.Popen(
                java(*cache, "serve", "--host", "127.0.0.1", "--port", port, "--air-gapped"), stdout=log, stderr=log)
        try:
            self.await_ready(server_process, port)
            done = self.pull(port, image)
            self.assertEqual(0, done.returncode, done.stdout)
            done = self.pull(port, image + "-missing")
            self.assertNotEqual(0, done.returncode, done.stdout)
        finally:
            server_process.terminate()
            server_process.wait(60)

    def await_ready(self, process, port):
        deadline = time.monotonic() + 60
        while True:
            self.assertIsNone(process.poll(), (self.directory / "log").read_text())
            self.assertLess(time.monotonic(), deadline)
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                    return
            except OSError:
                try:
                    process.wait(0.1)
                except subprocess.TimeoutExpired:
                    pass

    def pull(self, port, image):
        """Runs the command of the test pod, with the address and the directories of this test."""
        found = objects({"test": {"image": image}})
        directory = pathlib.Path(tempfile.mkdtemp(dir=self.directory))
        for name, text in found["Secret cache-ociregistry-test"]["stringData"].items():
            text = text.replace("cache-ociregistry.edge.svc:8080", f"127.0.0.1:{port}")
            (directory / name).write_text(text.replace("/tmp/", f"{directory}/"))
        command = found["Pod cache-ociregistry-test"]["spec"]["containers"][0]["command"]
        arguments = [word.replace("/test/", f"{directory}/") for word in command[1:]]
        return run(*java(*arguments, "--platform", "linux/amd64"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
