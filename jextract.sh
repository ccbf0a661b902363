#!/usr/bin/env bash
# Writes the bindings in src/core/java/org/iocp4j/win32/generated from the headers in native-headers.
#
#   ./jextract.sh                 generate (needs jextract, see below)
#   ./jextract.sh --check         only tell whether the bindings belong to the headers (needs no jextract)
#   ./jextract.sh --any-version   generate with whatever jextract there is: look at the difference before you commit
#
# jextract is looked for in JEXTRACT_HOME, then on the PATH. It is in no package registry: build it from its public
# source (openjdk/jextract). The output was made with version 23 of it, at commit f9866df, and libclang 14; it does
# not depend on the operating system, because the headers use types of a fixed width only.
set -euo pipefail
export LC_ALL=C

readonly VERSION=23
readonly PACKAGE=org.iocp4j.win32.generated
readonly HEADERS=native-headers
readonly OUTPUT=src/core/java/org/iocp4j/win32/generated

cd "$(dirname "${BASH_SOURCE[0]}")"

fail() {
    echo "jextract.sh: $*" >&2
    exit 1
}

# SHA-256 over the headers: for each file in the order of names its name, a line feed, and its text without carriage
# returns. HeaderDigestTest computes the same.
digest() {
    local file
    for file in "$HEADERS"/*; do
        printf '%s\n' "${file##*/}"
        tr -d '\r' <"$file"
    done | if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}

find_jextract() {
    local candidate
    if [[ -n "${JEXTRACT_HOME:-}" ]]; then
        for candidate in "$JEXTRACT_HOME/bin/jextract" "$JEXTRACT_HOME/bin/jextract.bat"; do
            if [[ -x "$candidate" ]]; then
                echo "$candidate"
                return
            fi
        done
        fail "no bin/jextract in JEXTRACT_HOME ($JEXTRACT_HOME)"
    fi
    command -v jextract || command -v jextract.bat ||
        fail "no jextract found: set JEXTRACT_HOME or the PATH (the head of this script says where it comes from)"
}

check_version() {
    local found
    found=$("$1" --version 2>&1 | tr -d '\r' | sed -n 's/^jextract //p') || true
    if [[ "$found" == "$VERSION" ]]; then
        return
    fi
    if [[ "$any_version" == yes ]]; then
        echo "jextract.sh: this is jextract ${found:-of unknown version}, not $VERSION: the output may differ" >&2
    else
        fail "$1 is version ${found:-unknown}, but $VERSION is wanted (--any-version takes it all the same)"
    fi
}

# For --release 22 and for every operating system: C_LONG and C_LONG_DOUBLE are cast to the generating machine's kind
# of layout and fail on another one; SymbolLookup.findOrThrow is newer than 22. And what a server's start does not use is
# not made there: a function linked costs some 5 ms, the first handle of an array's elements 16 (measured under Wine).
# jextract suppresses no warnings: nearly every class calls a restricted method.
after_edit() {
    tr -d '\r' <"$1" | sed \
        -e '/ C_LONG =/d' \
        -e '/ C_LONG_DOUBLE =/d' \
        -e 's/\.findOrThrow(\("[^"]*"\))/.find(\1).orElseThrow()/' \
        -e 's/^        public \(static final MethodHandle HANDLE = .*;\)$/        static class Linked { \1 }/' \
        -e 's/\.HANDLE;/.Linked.HANDLE;/' \
        -e 's/^    private static final \([A-Za-z]*Handle\) \([A-Za-z0-9_]*\$\(ELEM_HANDLE\|MH\)\) = \(.*;\)$/    private static class \2 { static final \1 HANDLE = \4 }/' \
        -e 's/\$\(ELEM_HANDLE\|MH\)\./$\1.HANDLE./' \
        -e 's/^public .*class /@SuppressWarnings("restricted") &/' \
        -e 's/[[:blank:]]*$//' \
        -e '${/^$/d;}'
}

package_info() {
    cat <<EOF
/**
 * What jextract made of the headers in {@code native-headers}: layouts and constants ({@code WinTypes}, one class for
 * each structure and function pointer), which load on every operating system, and functions ({@code WinFunctions}),
 * which need Windows and which only {@code org.iocp4j.win32} calls. Written by {@code jextract.sh}: do not edit. Not
 * part of the API: exported to our own modules alone.
 *
 * <p>SHA-256 of the headers: {@code $(digest)}
 */
package $PACKAGE;
EOF
}

any_version=no
case "${1:-}" in
    "") ;;
    --any-version) any_version=yes ;;
    --check)
        if grep -q "{@code $(digest)}" "$OUTPUT/package-info.java"; then
            echo "The bindings belong to the headers."
            exit 0
        fi
        fail "native-headers has changed since the bindings were generated: run ./jextract.sh"
        ;;
    *) fail "unknown option $1 (there are --check and --any-version)" ;;
esac

jextract=$(find_jextract)
check_version "$jextract"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Two runs that share one class of basic layouts, so that only WinFunctions needs the libraries.
"$jextract" --output "$work" --target-package "$PACKAGE" --symbols-class-name WinLayouts \
    --header-class-name WinTypes "$HEADERS/win_types.h"
"$jextract" --output "$work" --target-package "$PACKAGE" --symbols-class-name WinLayouts \
    --header-class-name WinFunctions -l kernel32 -l ws2_32 -l iphlpapi -l ntdll \
    "@$HEADERS/functions.txt" "$HEADERS/win_functions.h"

made="$work/${PACKAGE//.//}"
if [[ ! -f "$made/WinTypes.java" || ! -f "$made/WinFunctions.java" || ! -f "$made/WinLayouts.java" ]]; then
    fail "jextract wrote no bindings"
fi
mkdir "$work/edited"
for file in "$made"/*.java; do
    after_edit "$file" >"$work/edited/${file##*/}"
done
package_info >"$work/edited/package-info.java"
if grep -nE 'findOrThrow|C_LONG\b|C_LONG_DOUBLE' "$work"/edited/*.java >&2; then
    fail "this jextract's output needs other edits than those made here"
fi
# Every pointer is an integer: a pointer in a descriptor or a field is a slip in the headers.
if grep -n 'C_POINTER' "$work"/edited/*.java | grep -v '/WinLayouts.java:' >&2; then
    fail "a pointer in the headers is not declared as ADDRESS"
fi

rm -f "$OUTPUT"/*.java
mkdir -p "$OUTPUT"
cp "$work"/edited/*.java "$OUTPUT"
echo "$(find "$OUTPUT" -name '*.java' | wc -l | tr -d ' ') files written to $OUTPUT"
