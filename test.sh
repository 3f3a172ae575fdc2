#!/usr/bin/env bash
# Runs all tests: ./test.sh [--no-skips]
#
#   1. mvn verify: unit tests, then end-to-end tests with real programs
#   2. a clean build of the last commit elsewhere, which must give the bytes that were tested
#   3. a build with every other JDK (17 or newer) in /usr/lib/jvm, whose jar must start
#
# On Debian, as root, the script installs the programs of the end-to-end tests. Elsewhere, tests without their program
# are skipped. With OCIREGISTRY_MORE_PEERS=true there are more programs, some of which Go builds.
# With OCIREGISTRY_CHART=true it also tests the Helm chart, the alert rules and the dashboards.
# With --no-skips a skipped test is a failure. All traffic stays on loopback. Every started program is ended.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

no_skips=false
case "${1-}" in
  '') ;;
  --no-skips) no_skips=true ;;
  *) sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
export OCIREGISTRY_NO_SKIPS=$no_skips
more_peers=false
if [ "${OCIREGISTRY_MORE_PEERS-}" = true ]; then more_peers=true; fi
chart=false
if [ "${OCIREGISTRY_CHART-}" = true ]; then chart=true; fi
# A compiler that runs for a minute gains nothing from optimized compilation: these flags halve its time.
export MAVEN_OPTS="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC ${MAVEN_OPTS-}"

scratch=$(mktemp -d)
policy=/usr/sbin/policy-rc.d
policy_is_ours=false
clean_up() {
  rm -rf "$scratch"
  if $policy_is_ours; then rm -f "$policy"; fi
}
trap clean_up EXIT

say() { printf '\n== %s\n' "$*"; }
fail() { printf '\ntest.sh: %s\n' "$*" >&2; exit 1; }
skip() { if $no_skips; then fail "$*, and nothing may be skipped"; else say "SKIPPED: $*"; fi; }

# --- the programs of the end-to-end tests ---------------------------------------------------------------------------

# Debian package, a file or program of it, tests that need it
peers() {
  cat <<'END'
containerd      containerd                          containerd pulls through the server (PullThroughIT, SlowLinkIT)
runc            runc                                containerd pulls through the server (PullThroughIT, SlowLinkIT)
docker-registry docker-registry                     everything with a real upstream (PullThroughIT, SlowLinkIT)
skopeo          skopeo                              everything with a real image (PullThroughIT, SlowLinkIT)
umoci           umoci                               everything with a real image (PullThroughIT, SlowLinkIT)
tomcat10        /usr/share/tomcat10/bin/catalina.sh the WAR in Tomcat
curl            curl                                a kubelet's pull by CRI, a client of a proxy (PullThroughIT, BehindNginxIT)
jq              jq                                  the commands of the documentation (DocumentedCommandsIT)
iproute2        ip                                  addresses of a network of its own (PublicAddressesIT, BehindNginxIT)
nginx-light     nginx                               the admin API behind a reverse proxy (BehindNginxIT)
strace          strace                              the order of file operations (DurableOrderIT)
prometheus      promtool                            the text of a scrape (MetricsTest), the alert rules
openssl         openssl                             TLS with host names that Java servers refuse (ServerNamesTest)
chromium        chromium                            the status page in a browser (StatusPageIT)
chromium-driver chromedriver                        the status page in a browser (StatusPageIT)
END
  if $more_peers; then
    cat <<'END'
docker.io       dockerd                             Docker pulls, loads and saves (MorePeersIT)
podman          podman                              podman pulls, loads and saves (MorePeersIT)
debootstrap     debootstrap                         the README in a bare Debian (BareDebianIT)
buildah         buildah                             the container image (ContainerImageIT)
END
  fi
  if $chart; then
    cat <<'END'
python3-venv    python3                             the Helm chart (test_chart.py)
END
  fi
}

# Go modules of programs that Debian does not have.
go_peers() {
  cat <<'END'
github.com/google/go-containerregistry/cmd/crane@v0.22.1
oras.land/oras/cmd/oras@v1.3.6
github.com/opencontainers/distribution-spec/conformance@v0.0.0-20260831232431-97274622c111
END
}

missing() {
  local package program tests
  while read -r package program tests; do
    PATH="$PATH:/usr/sbin:/sbin" command -v "$program" > /dev/null || printf '%s\t%s\n' "$package" "$tests"
  done < <(peers)
}

install_missing() {
  local packages
  packages=$(missing | cut -f 1)
  if [ -z "$packages" ] || [ "$(id -u)" != 0 ] || ! [ -e /etc/debian_version ] || ! command -v apt-get > /dev/null; then
    return 0
  fi
  say "Installing" $packages
  # These packages bring services; the tests start their own and need none of them.
  if ! [ -e "$policy" ]; then
    policy_is_ours=true
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
  fi
  apt-get update -q
  # shellcheck disable=SC2086 # one word each
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $packages
}

report_missing() {
  local package tests
  while IFS=$'\t' read -r package tests; do
    skip "$package is not installed: $tests"
  done < <(missing)
  [ "$(id -u)" = 0 ] || skip "not root: containerd pulls through the server (PullThroughIT, SlowLinkIT)"
}

# --- the build ------------------------------------------------------------------------------------------------------

no_test_was_skipped() {
  if grep -lE '<testsuite [^>]*skipped="[1-9]' target/surefire-reports/TEST-*.xml target/failsafe-reports/TEST-*.xml; then
    fail "tests in these reports were skipped, and nothing may be skipped"
  fi
}

# The seconds that each test class took, longest first.
slowest_tests() {
  say "The 20 slowest test classes, in seconds"
  grep -h -m 1 -E '<testsuite ' target/surefire-reports/TEST-*.xml target/failsafe-reports/TEST-*.xml \
    | sed -E 's/.* name="([^"]*)".* time="([0-9,.]*)".*/\2 \1/' | tr -d , | sort -rn | sed -n 1,20p
}

has_uncommitted_changes() { [ -n "$(git status --porcelain)" ]; }

# Builds the last commit in a checkout of its own; offline, since 'mvn verify' has fetched everything. It does without
# Error Prone, which took part in 'mvn verify' and adds nothing to the artifacts.
build_in() {
  git clone -q . "$1"
  (cd "$1" && mvn -B -o -q -P '!reviewers' -Dmaven.test.skip package)
}

# Starts a build in the background; wait_for_builds fails if one of them fails.
builds=()
start_build_in() {
  build_in "$1" &
  builds+=($!)
}

wait_for_builds() {
  local build all_built=true
  for build in "${builds[@]}"; do
    wait "$build" || all_built=false
  done
  $all_built || fail "a build of the last commit failed"
}

assert_identical() {
  local artifact
  say "Two builds of one commit give the same bytes"
  for artifact in ociregistry.jar ociregistry.war; do
    sha256sum "$1/$artifact" "$2/$artifact"
    cmp "$1/$artifact" "$2/$artifact" \
      || fail "$artifact is not reproducible, or target/ has files of earlier builds: run mvn clean"
  done
}

major_of() { "$1/bin/java" -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java.specification.version = //p'; }

other_jdks() {
  local used java_home major
  used=$(mvn -v | sed -n 's/^Java version: \([0-9]*\).*/\1/p')
  for java_home in /usr/lib/jvm/*; do
    [ -x "$java_home/bin/javac" ] || continue
    major=$(major_of "$java_home")
    if [[ $major =~ ^[0-9]+$ ]] && [ "$major" -ge 17 ] && [ "$major" != "$used" ]; then
      printf '%s\t%s\n' "$major" "$java_home"
    fi
  done | sort -n -u -k 1,1
}

assert_jar_starts_on() {
  say "JDK $1 has built it, and its jar starts ($2)"
  "$2/bin/java" -jar "$scratch/jdk$1/target/ociregistry.jar" version
  # One jar for all of them: what the oldest JDK made starts on this one too.
  "$2/bin/java" -jar target/ociregistry.jar version
}

# Once; they stay in the cache.
build_go_peers() {
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/ociregistry module program
  export PATH="$cache/bin:$PATH"
  while read -r module; do
    program=$(basename "${module%@*}")
    if command -v "$program" > /dev/null; then continue; fi
    if command -v go > /dev/null; then
      say "Building $program"
      GOBIN=$cache/bin GOPATH=$cache/go GOFLAGS=-modcacherw go install "$module"
    else
      skip "neither $program nor Go, which builds it, is installed: MorePeersIT"
    fi
  done < <(go_peers)
}

# The Helm chart, the alert rules, the dashboards and docs/kubernetes.md. helm and the validator stay in the cache.
chart_is_right() {
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/ociregistry
  local python=$cache/kubernetes-validate/bin/python helm=helm.sh/helm/v3
  export PATH="$cache/bin:$PATH"
  say "The Helm chart, the alert rules and the dashboards"
  if ! command -v promtool > /dev/null || ! { command -v helm || command -v go; } > /dev/null; then
    skip "promtool, or helm and Go, which builds it, are not installed: test_chart.py"
    return 0
  fi
  if ! command -v helm > /dev/null; then
    # The version of Kubernetes that "helm template" assumes; a build without these flags assumes 1.20.
    GOBIN=$cache/bin GOPATH=$cache/go GOFLAGS=-modcacherw go install -ldflags "
      -X $helm/pkg/chartutil.k8sVersionMajor=1 -X $helm/pkg/chartutil.k8sVersionMinor=37" $helm/cmd/helm@v3.22.0
  fi
  if ! "$python" -c 'import kubernetes_validate' 2> /dev/null; then
    python3 -m venv --clear "$cache/kubernetes-validate"
    "$python" -m pip install -q --disable-pip-version-check kubernetes-validate==1.37.0
  fi
  "$python" -B src/test/chart/test_chart.py
}

install_missing
report_missing
if $more_peers; then build_go_peers; fi

say "mvn verify"
rm -rf target/surefire-reports target/failsafe-reports
mvn -B verify
slowest_tests
if $no_skips; then no_test_was_skipped; fi
if $chart; then chart_is_right; fi

if git rev-parse -q --verify HEAD > /dev/null 2>&1; then
  say "Building the last commit again, and with other JDKs"
  jdks=$(other_jdks)
  tested=target
  start_build_in "$scratch/another/place"
  if has_uncommitted_changes; then
    say "Uncommitted changes are not in these builds"
    tested=$scratch/one/target
    start_build_in "$scratch/one"
  fi
  while IFS=$'\t' read -r major java_home; do
    [ -z "$major" ] || JAVA_HOME=$java_home start_build_in "$scratch/jdk$major"
  done <<< "$jdks"
  wait_for_builds
  assert_identical "$tested" "$scratch/another/place/target"
  while IFS=$'\t' read -r major java_home; do
    [ -z "$major" ] || assert_jar_starts_on "$major" "$java_home"
  done <<< "$jdks"
else
  skip "not a git checkout: builds of one commit"
fi

say "All passed"
