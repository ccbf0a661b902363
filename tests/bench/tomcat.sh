#!/usr/bin/env bash
# Measures Tomcat's NIO2 connector on iocp4j's channels, relative to the JDK's, by wrk and by ab: for Linux, where both
# servers run in the test bed's Windows JVM.
#   tomcat.sh [ROUNDS [SECONDS]]    15 rounds, and 3 s for each turn of wrk, if not said otherwise
# In each round each server has one turn of wrk (50 connections, kept alive) and one of ab (20 at a time, a new one for
# each request), the JDK's first in odd rounds and last in even ones. The servers and the wineserver are pinned to
# processor 0, wrk and ab to 1. Anything but complete answers of 200 ends it. Needs the packages wrk and
# apache2-utils, the test bed (./iocp4j setup), what ./mvnw -B install installs, and a quiet machine.
set -euo pipefail
rounds=${1:-15}
seconds=${2:-3}
readonly warm_ups=4 ab_requests=4000
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
example=$root/examples/channels-tomcat
fail() {
    echo "tomcat.sh: $*" >&2
    exit 1
}
for program in wrk ab taskset; do
    command -v "$program" >/dev/null || fail "no $program: install wrk, apache2-utils and util-linux"
done
maven=$(command -v mvn || echo "$root/mvnw")
"$maven" -B -q -ntp -f "$example/pom.xml" package || fail "the example does not build; type first: ./mvnw -B install"
folder=$(mktemp -d)
wineserver=$("$root/tests/bench/wine.sh" server)
old=$(taskset -pc "$wineserver" | sed 's/.*: //')
servers=()
end() {
    kill "${servers[@]}" 2>/dev/null || true
    taskset -pc "$old" "$wineserver" >/dev/null || true
    rm -rf "$folder"
}
trap end EXIT
taskset -pc 0 "$wineserver" >/dev/null

# start NAME JAR-PATH OPTION ...: a server; its port comes into ports[NAME]
declare -A ports
start() {
    local name=$1 path=$2
    shift 2
    (cd "$example" && exec taskset -c 0 "$root/tests/wine/bin/java" -Xmx512m --enable-native-access=ALL-UNNAMED "$@" \
        -cp "target/channels-tomcat-1.jar;target/lib/*$path" example.Serve) >"$folder/$name.txt" 2>&1 &
    servers+=($!)
    local line=
    for ((i = 0; i < 600; i++)); do
        line=$(grep -m 1 '^listening on ' "$folder/$name.txt" || true)
        [[ -z $line ]] || break
        kill -0 "${servers[-1]}" 2>/dev/null || break
        sleep 0.1
    done
    [[ -n $line ]] || fail "$name does not start: $(tail -n 5 "$folder/$name.txt")"
    echo "$name: $line"
    ports[$name]=$(sed -E 's/.*127\.0\.0\.1:([0-9]+).*/\1/' <<<"$line")
}

# by_wrk NAME, by_ab NAME: requests per second in one turn
by_wrk() {
    local out
    out=$(taskset -c 1 wrk -t1 -c50 "-d${seconds}s" "http://127.0.0.1:${ports[$1]}/")
    ! grep -qE 'Non-2xx|Socket errors' <<<"$out" || fail "$1 under wrk: $out"
    awk '/^Requests\/sec:/ {print $2}' <<<"$out"
}
by_ab() {
    local out
    out=$(taskset -c 1 ab -q -n "$ab_requests" -c 20 "http://127.0.0.1:${ports[$1]}/" 2>&1) || fail "$1 under ab: $out"
    grep -qE '^Failed requests: +0' <<<"$out" && ! grep -q 'Non-2xx' <<<"$out" || fail "$1 under ab: $out"
    awk '/^Requests per second:/ {print $4}' <<<"$out"
}

# median FILE: the median of its numbers, and the lowest and the highest
median() {
    sort -n "$1" | awk '{v[NR] = $1} END {m = int((NR + 1) / 2)
        printf "%.2f (%.2f to %.2f)", NR % 2 ? v[m] : (v[m] + v[m + 1]) / 2, v[1], v[NR]}'
}

start jdk ""
start iocp4j ";target/iocp4j/*" \
    -Djava.nio.channels.spi.AsynchronousChannelProvider=org.iocp4j.channels.IocpAsynchronousChannelProvider \
    ${IOCP4J_OPTIONS:-}
for ((i = 0; i < warm_ups; i++)); do
    for name in jdk iocp4j; do
        by_wrk "$name" >/dev/null
        by_ab "$name" >/dev/null
    done
done
for ((round = 1; round <= rounds; round++)); do
    order=(jdk iocp4j)
    ((round % 2 == 1)) || order=(iocp4j jdk)
    for by in wrk ab; do
        declare -A rate=()
        for name in "${order[@]}"; do
            rate[$name]=$("by_$by" "$name")
        done
        awk -v a="${rate[iocp4j]}" -v b="${rate[jdk]}" 'BEGIN {print a / b}' >>"$folder/$by"
        printf 'round %2d, %-3s  jdk %9.1f/s  iocp4j %9.1f/s  ratio %.2f  load %s\n' "$round" "$by" "${rate[jdk]}" \
            "${rate[iocp4j]}" "$(tail -n 1 "$folder/$by")" "$(cut -d ' ' -f 1 /proc/loadavg)"
    done
done
echo "iocp4j relative to the JDK's, median of $rounds rounds (lowest to highest):"
echo "  wrk, 50 connections, kept alive:  $(median "$folder/wrk")"
echo "  ab, 20 at a time, not kept alive: $(median "$folder/ab")"
