#!/usr/bin/env bash
# For `./iocp4j bench` on Linux.
#   wine.sh run PROGRAM ARG ...  a Windows program in the test bed
#   wine.sh server               prints the wineserver's process id
#   wine.sh restart              starts the wineserver anew, if no program uses it, since it grows with every socket;
#                                prints the process id of the one that serves then
set -euo pipefail
# shellcheck source=tests/wine/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/../wine/environment.sh"
bed_ready || bed_fail "the test bed is not set up; type: ./iocp4j setup"
bed_environment "$bed_prefix"
if [[ ${1:-} == restart && -z $(bed_programs_running) ]]; then
    while read -r id _; do
        bed_end "$id"
    done < <(bed_servers_running)
fi
bed_start_server "$bed_wineserver/wineserver"
case ${1:-} in
run) exec wine "${@:2}" ;;
server | restart) bed_servers_running | cut -d ' ' -f 1 ;;
*) bed_fail "wine.sh: '${1:-}' must be run, server or restart" ;;
esac
