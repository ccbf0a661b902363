#!/usr/bin/env bash
# Builds OUT/wineserver from Debian's own source package of the installed Wine, with two changes:
# - AcceptEx gives a reused socket a fresh connection state. Stock Wine 8.0 leaves "shut down for writing" and
#   "hung up" set after DisconnectEx(TF_REUSE_SOCKET), so the second connection on a socket can neither send nor
#   receive. It also goes on watching the former connection: a client that closes late would complete the accept.
# - A wineserver that stays (-p) lets the desktop stay too. Else Wine starts a desktop process with the first program
#   and ends it after the last; it holds that first program's standard error open, and whoever reads that to its end
#   waits for all of them.
# Usage: build-wineserver.sh OUT
set -euo pipefail
out=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The machine's own package sources, asked for source packages, with lists of our own so that no root is needed.
mkdir -p "$work/lists/partial" "$work/cache" "$work/sources"
for file in /etc/apt/sources.list.d/*.sources; do
    [[ ! -e $file ]] || sed 's/^Types:.*/Types: deb-src/' "$file" >"$work/sources/${file##*/}"
done
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [[ ! -e $file ]] || sed -n 's/^deb /deb-src /p' "$file" >"$work/sources/$(basename "$file" .list).list"
done
apt=(apt-get -qq -oDir::Etc::SourceList=/dev/null -oDir::Etc::SourceParts="$work/sources"
     -oDir::State::Lists="$work/lists" -oDir::Cache="$work/cache" -oAPT::Sandbox::User= -oAcquire::Retries=3)
cd "$work"
# A single broken entry in the lists is no reason to stop: the next line tells whether Wine's source was found.
"${apt[@]}" update || true
version=$(dpkg-query -W -f='${source:Version}' libwine)
"${apt[@]}" source "wine=$version"

cd "$work"/wine-*/
patch -p1 --fuzz=0 <<'PATCH'
--- a/server/sock.c
+++ b/server/sock.c
@@ -2064,5 +2064,7 @@
     acceptsock->wparam  = 0;
     acceptsock->deferred = NULL;
+    acceptsock->rd_shutdown = acceptsock->wr_shutdown = acceptsock->wr_shutdown_pending = 0;
+    acceptsock->hangup = acceptsock->aborted = acceptsock->reset = 0;
     acceptsock->connect_time = current_time;
     fd_copy_completion( acceptsock->fd, newfd );
     release_object( acceptsock->fd );
@@ -2493,6 +2495,12 @@
         }
         list_add_tail( &sock->accept_list, &req->entry );
         acceptsock->accept_recv_req = req;
+        if (acceptsock->state == SOCK_CONNECTED)
+        {
+            /* its former connection is over, and must not wake this request */
+            acceptsock->state = SOCK_UNCONNECTED;
+            sock_reselect( acceptsock );
+        }
         release_object( acceptsock );
 
         acceptsock->wparam = params->accept_handle;
--- a/server/winstation.c
+++ b/server/winstation.c
@@ -332,3 +332,4 @@
     /* if we have one remaining user, it has to be the manager of the desktop window */
-    if ((process = get_top_window_owner( desktop )) && desktop->users == process->running_threads && !desktop->close_timeout)
+    if ((process = get_top_window_owner( desktop )) && desktop->users == process->running_threads && !desktop->close_timeout &&
+        master_socket_timeout != TIMEOUT_INFINITE)
         desktop->close_timeout = add_timeout_user( -TICKS_PER_SEC, close_desktop_timeout, desktop );
PATCH

./debian/scripts/generate server/trace.generated make_requests
./debian/scripts/generate server/request.generated make_requests
./tools/make_requests
ln -sf /usr/share/misc/config.sub /usr/share/misc/config.guess tools/
autoconf
autoheader
# Only config.h is wanted of configure. It ends with an error over libraries that the wineserver does not use.
without=(x freetype mingw gnutls gstreamer alsa cups dbus fontconfig gettext gphoto gssapi krb5 opencl opengl osmesa
         pcap pulse sane sdl udev unwind usb v4l2 vulkan capi netapi oss inotify)
CFLAGS='-O2 -w' ./configure --enable-win64 --disable-tests "${without[@]/#/--without-}" || [[ -s include/config.h ]]
# Debian keeps Wine's files where these definitions say.
gcc -O2 -w -D__WINESRC__ -D_GNU_SOURCE -DWINE_UNIX_LIB -DBINDIR='"/usr/lib/wine"' \
    -DDATADIR='"/usr/share/wine"' -DLIBDIR='"/usr/lib/x86_64-linux-gnu/wine"' \
    -DBIN_TO_NLSDIR='"../../share/wine/nls"' -DNLSDIR='"/usr/share/wine/nls"' \
    -Iinclude -Iserver server/*.c -o "$out/wineserver" -lrt -ldl
"$out/wineserver" --version
