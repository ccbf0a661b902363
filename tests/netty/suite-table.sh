#!/usr/bin/env bash
# suite-table.sh: prints, as Markdown, how many tests of Netty's testsuite passed for each class and combination of
# transports (server x client), from the reports of `./iocp4j test -Pslow`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../target/iocp4j-netty"

combinations=()
for combination in iocp-iocp iocp-nio nio-iocp nio-nio; do
    [[ ! -d suite-$combination ]] || combinations+=("$combination")
done
[[ ${#combinations[@]} -gt 0 ]] || { echo "no reports; type ./iocp4j test -Pslow first" >&2; exit 1; }

# Of each report only the line with the sums: <testsuite ... name=".." .. tests=".." errors=".." skipped=".." failures="..">
for combination in "${combinations[@]}"; do
    grep -h '<testsuite ' "suite-$combination"/TEST-*.xml | sed "s/^/$combination /"
done | awk -v columns="${combinations[*]}" '
    function value(name) {
        match($0, " " name "=\"[^\"]*\"")
        return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4)
    }
    {
        class = value("name")
        sub(/.*\$/, "", class)
        skipped = value("skipped") + 0
        failed = value("errors") + value("failures")
        passed = value("tests") - skipped - failed
        cell[class, $1] = passed (failed ? ", **" failed " failed**" : "") (skipped ? ", " skipped " skipped" : "")
        sum[$1] += passed
        sumFailed[$1] += failed
        sumSkipped[$1] += skipped
        classes[class]
    }
    END {
        count = split(columns, column, " ")
        head = "| class |"
        line = "|---|"
        for (i = 1; i <= count; i++) {
            name = column[i]
            sub("-", " x ", name)
            head = head " " name " |"
            line = line "---|"
        }
        print head "\n" line
        for (class in classes) {
            row = "| " class " |"
            for (i = 1; i <= count; i++) {
                row = row " " cell[class, column[i]] " |"
            }
            print row | "LC_ALL=C sort"
        }
        close("LC_ALL=C sort")
        row = "| all |"
        for (i = 1; i <= count; i++) {
            c = column[i]
            row = row " " sum[c] (sumFailed[c] ? ", **" sumFailed[c] " failed**" : "") ", " sumSkipped[c] " skipped |"
        }
        print row
    }'
