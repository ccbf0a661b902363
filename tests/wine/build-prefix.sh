#!/usr/bin/env bash
# Makes the Wine prefix (Wine's registry and its drive C:) that the Windows JVM runs in.
# Usage: build-prefix.sh OUT WINESERVER
set -euo pipefail
# shellcheck source=tests/wine/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
bed_environment "$(realpath "$1")"
server=$2
# The first start fills the prefix.
bed_start_server "$server"
trap '"$server" -k || true' EXIT
# Else Wine 8.0 reports Windows 7. 9 is the set-up's lock: no process that Wine leaves behind may hold it.
timeout --foreground 60 wine winecfg -v win10 9>&-
# The registry is on the disk once the wineserver has ended.
trap - EXIT
"$server" -k
"$server" -w
[[ -s $WINEPREFIX/system.reg && -d $WINEPREFIX/drive_c/windows/system32 ]]
