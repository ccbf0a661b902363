#!/usr/bin/env bash
# Builds OUT/wineserver from Debian's own source package of the installed Wine, with three changes:
# - AcceptEx gives a reused socket a fresh connection state. Stock Wine 8.0 leaves "shut down for writing" and
#   "hung up" set after DisconnectEx(TF_REUSE_SOCKET), so the second connection on a socket can neither send nor
#   receive. It also goes on watching the former connection: a client that closes late would complete the accept.
# - A receive or send that Wine is at work on can be cancelled, and ends when its socket is closed. The work is done in
#   the thread that has posted it, whenever that can be interrupted, by the handle's number. Stock Wine 8.0 cancels
#   nothing meanwhile. If another thread closes the handle then, the next socket with its number is worked on: a
#   receive takes that one's bytes, or, where there are none, waits for a socket that is no more, and never ends. (It
#   can still take bytes if the close comes between the thread's look at the handle and its call.)
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
--- a/server/async.c
+++ b/server/async.c
@@ -498,5 +498,7 @@
         async->terminated = 0;
         async->alerted = 0;
-        async_reselect( async );
+        if (!async->queue) async_terminate( async, STATUS_HANDLES_CLOSED );
+        else if (async->canceled) async_terminate( async, STATUS_CANCELLED );
+        else async_reselect( async );
     }
     else
@@ -563,4 +565,17 @@
 }
 
+/* the client must not do the I/O of these asyncs any more: their handle's number may soon be another socket's */
+void async_handle_closed( struct async_queue *queue )
+{
+    struct async *async;
+
+    LIST_FOR_EACH_ENTRY( async, &queue->queue, struct async, queue_entry )
+    {
+        if (!async->alerted) continue;
+        async->canceled = 1;
+        if (thread_set_async_status( async->thread, &async->obj, STATUS_CANCELLED )) async->alerted = 0;
+    }
+}
+
 static int cancel_async( struct process *process, struct object *obj, struct thread *thread, client_ptr_t iosb )
 {
@@ -575,5 +590,5 @@
     LIST_FOR_EACH_ENTRY( async, &process->asyncs, struct async, process_entry )
     {
-        if (async->terminated || async->canceled) continue;
+        if ((async->terminated && !(async->alerted && async->queue)) || async->canceled) continue;
         if ((!obj || (get_fd_user( async->fd ) == obj)) &&
             (!thread || async->thread == thread) &&
--- a/server/file.h
+++ b/server/file.h
@@ -222,4 +222,5 @@
 
 extern void free_async_queue( struct async_queue *queue );
+extern void async_handle_closed( struct async_queue *queue );
 extern struct async *create_async( struct fd *fd, struct thread *thread, const async_data_t *data, struct iosb *iosb );
 extern struct async *create_request_async( struct fd *fd, unsigned int comp_flags, const async_data_t *data );
--- a/server/sock.c
+++ b/server/sock.c
@@ -1624,4 +1624,6 @@
         struct poll_req *poll_req, *poll_next;
 
+        async_handle_closed( &sock->read_q );
+        async_handle_closed( &sock->write_q );
         if (sock->accept_recv_req)
             async_terminate( sock->accept_recv_req->async, STATUS_CANCELLED );
@@ -2064,4 +2066,6 @@
     acceptsock->wparam  = 0;
     acceptsock->deferred = NULL;
+    acceptsock->rd_shutdown = acceptsock->wr_shutdown = acceptsock->wr_shutdown_pending = 0;
+    acceptsock->hangup = acceptsock->aborted = acceptsock->reset = 0;
     acceptsock->connect_time = current_time;
     fd_copy_completion( acceptsock->fd, newfd );
@@ -2494,4 +2498,10 @@
         list_add_tail( &sock->accept_list, &req->entry );
         acceptsock->accept_recv_req = req;
+        if (acceptsock->state == SOCK_CONNECTED)
+        {
+            /* its former connection is over, and must not wake this request */
+            acceptsock->state = SOCK_UNCONNECTED;
+            sock_reselect( acceptsock );
+        }
         release_object( acceptsock );
 
--- a/server/thread.c
+++ b/server/thread.c
@@ -1183,4 +1183,18 @@
 }
 
+/* change the status that an async's APC tells; returns 0 if the client has the APC already */
+int thread_set_async_status( struct thread *thread, struct object *owner, unsigned int status )
+{
+    struct thread_apc *apc;
+
+    LIST_FOR_EACH_ENTRY( apc, &thread->system_apc, struct thread_apc, entry )
+    {
+        if (apc->owner != owner || apc->call.type != APC_ASYNC_IO) continue;
+        apc->call.async_io.status = status;
+        return 1;
+    }
+    return 0;
+}
+
 /* remove the head apc from the queue; the returned object must be released by the caller */
 static struct thread_apc *thread_dequeue_apc( struct thread *thread, int system )
--- a/server/thread.h
+++ b/server/thread.h
@@ -116,4 +116,5 @@
 extern void wake_up( struct object *obj, int max );
 extern int thread_queue_apc( struct process *process, struct thread *thread, struct object *owner, const apc_call_t *call_data );
+extern int thread_set_async_status( struct thread *thread, struct object *owner, unsigned int status );
 extern void thread_cancel_apc( struct thread *thread, struct object *owner, enum apc_type type );
 extern int thread_add_inflight_fd( struct thread *thread, int client, int server );
--- a/server/winstation.c
+++ b/server/winstation.c
@@ -330,5 +330,6 @@
 
     /* if we have one remaining user, it has to be the manager of the desktop window */
-    if ((process = get_top_window_owner( desktop )) && desktop->users == process->running_threads && !desktop->close_timeout)
+    if ((process = get_top_window_owner( desktop )) && desktop->users == process->running_threads && !desktop->close_timeout &&
+        master_socket_timeout != TIMEOUT_INFINITE)
         desktop->close_timeout = add_timeout_user( -TICKS_PER_SEC, close_desktop_timeout, desktop );
 }
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
