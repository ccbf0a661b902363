# shellcheck shell=bash
# Sourced by setup.sh and bin/java: where the parts of the Linux test bed lie, and the environment of every Wine call.
#
# Each part lies in the cache under a name made of Wine's version and a digest of the script that makes it, and gets
# that name by one rename when it is finished. So a part that is there is whole, and a changed script or another Wine
# makes a new one.

bed_scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bed_wineserver='' bed_prefix='' bed_java=''
bed_cache=${XDG_CACHE_HOME:-${HOME:-}/.cache}/iocp4j

bed_fail() {
    printf 'iocp4j: %s\n' "$@" >&2
    exit 1
}

# Sets bed_wineserver, bed_prefix and bed_java to where the parts must lie. False if Wine is not installed.
bed_locate() {
    local wine digest script part
    wine=$(dpkg-query -W -f='${Version}' libwine 2>/dev/null) && [[ -n $wine ]] || return 1
    while read -r digest script; do
        part=${script#build-} part=${part%.sh}
        printf -v "bed_$part" '%s' "$bed_cache/$part-${wine//[^A-Za-z0-9.]/_}-${digest:0:12}"
    done < <(cd "$bed_scripts" && sha256sum build-wineserver.sh build-prefix.sh build-java.sh)
}

bed_ready() {
    bed_locate && [[ -x $bed_wineserver/wineserver && -d $bed_prefix && -d $bed_java ]]
}

# What Wine itself reads. Without a display nothing tries to open a window; the two empty overrides keep Wine from
# offering Mono and Gecko, and winemenubuilder would write into the user's own desktop menu. For iphlpapi see
# build-java.sh.
bed_environment() {
    # TMPDIR decides where Wine looks for the wineserver, so it must be the same for every call.
    export WINEPREFIX=$1 WINEDEBUG=-all WINEARCH=win64 TMPDIR=/tmp
    export WINEDLLOVERRIDES='mscoree,mshtml=;winemenubuilder.exe=d;iphlpapi,iphlpwin=n,b'
    unset DISPLAY WAYLAND_DISPLAY WINESERVER WINELOADER
    # A connection takes two descriptors in the wineserver; the soft limit of 1024 would end the sockets at about 800.
    ulimit -Sn "$(ulimit -Hn)" 2>/dev/null || true
}

# Prints a line "ID FOLDER" for each wineserver that serves the prefix: rightly one at most. It holds a lock file below
# FOLDER, in a folder named by the prefix's device and inode.
bed_servers_running() {
    local device inode exe id
    read -r device inode < <(stat -c '%D %i' "$WINEPREFIX")
    printf -v inode '%x' "$inode"
    while read -r exe; do
        id=${exe#/proc/} id=${id%/exe}
        find "/proc/$id/fd" -lname "*/server-$device-$inode/lock*" -printf "$id %l\n" -quit 2>/dev/null || true
    done < <(find /proc/[0-9]*/exe -maxdepth 0 -lname '*wineserver*' 2>/dev/null) | sed 's|/server-[^/]*/lock.*||'
}

# Prints the folder in which a program started now looks for the wineservers of all prefixes: Debian's Wine does it so.
bed_servers_folder() {
    if [[ -d /run/user/$UID ]]; then echo "/run/user/$UID/wine"; else echo "$TMPDIR/$(<"$WINEPREFIX/wineserver")"; fi
}

# Prints a line for each program of the prefix's that is not one of Wine's own services.
bed_programs_running() {
    local process command
    for process in /proc/[0-9]*; do
        [[ $(readlink "$process/exe") == *wine64* ]] || continue
        grep -qzxF "WINEPREFIX=$WINEPREFIX" "$process/environ" 2>/dev/null || continue
        command=$(tr '\0' ' ' <"$process/cmdline") || continue
        [[ $command == [Cc]:\\windows\\* ]] || echo "${process#/proc/} $command"
    done
}

# Ends the wineserver $1 and waits until it is gone. SIGINT makes it end the processes that it serves, too, SIGTERM would
# leave them for ever: some eight each time.
bed_end() {
    kill -INT "$1" 2>/dev/null || return 0
    for _ in {1..100}; do
        [[ -d /proc/$1 ]] || return 0
        sleep 0.1
    done
    kill -KILL "$1" 2>/dev/null || true
}

# Runs a command that leaves processes behind, in a session of its own and with none of the caller's files: whoever
# reads the caller's output to its end would else wait for them too. What it prints goes to wine.log in the cache.
bed_detached() (
    for file in "/proc/$BASHPID/fd"/*; do
        [[ ${file##*/} -le 2 ]] || eval "exec ${file##*/}>&-"
    done
    cd /
    exec setsid --wait "$@" </dev/null >>"$bed_cache/wine.log" 2>&1
)

# Sees to it that the wineserver at $1 serves $WINEPREFIX. Wine starts its own, unpatched one wherever none runs, and a
# session that lives on a reused socket then fails with WSAESHUTDOWN (10058): so that one has to go.
bed_start_server() {
    local server=$1 id folder good='' busy lock
    exec {lock}>"$bed_cache/wineserver.lock"
    flock "$lock"
    while read -r id folder; do
        if [[ /proc/$id/exe -ef $server && $folder -ef $(bed_servers_folder) ]]; then
            good=$id
            continue
        fi
        busy=$(bed_programs_running)
        [[ -z $busy ]] ||
            bed_fail "another wineserver (process $id, $(readlink "/proc/$id/exe")) serves $WINEPREFIX for:" "$busy" \
                "Wait until that has ended, or type: kill -INT $id"
        echo "iocp4j: ending another wineserver (process $id) that serves $WINEPREFIX" >&2
        bed_end "$id"
    done < <(bed_servers_running)
    # -p: it stays; the command returns when programs can connect. Then two programs that make Wine start its services
    # and its desktop, which the caller's program would else start, and leave its own files to. The file tells that both
    # were run for this wineserver.
    if [[ -z $good || $(cat "$WINEPREFIX/started" 2>/dev/null) != "$good" ]]; then
        rm -f "$bed_cache/wine.log"
        if { [[ -z $good ]] && ! bed_detached "$server" -p; } ||
            ! bed_detached timeout 600 wine wineboot -i || ! bed_detached timeout 60 wine winecfg -v; then
            bed_fail "cannot start Wine. $bed_cache/wine.log may tell why."
        fi
        read -r good _ < <(bed_servers_running) || bed_fail "the wineserver ended. $bed_cache/wine.log may tell why."
        echo "$good" >"$WINEPREFIX/started"
    fi
    exec {lock}>&-
}
