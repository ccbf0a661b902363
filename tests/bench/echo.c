/*
 * A raw echo server (RFC 862) on a completion port, in C: what `iocp4j bench` measures the Java server against.
 *
 *     x86_64-w64-mingw32-gcc -O2 echo.c -o echo.exe -lws2_32        or: cl /O2 echo.c
 *
 *     --workers N   threads that dequeue (default: the processors, at least 2)
 *     --accepts N   accepts kept posted (default 200)
 *     --batch       GetQueuedCompletionStatusEx, 64 packets at a time
 *     --skip        no packet for what is done at once: it is handled inline, a bounded number of times in a row
 *     --reuse       DisconnectEx(TF_REUSE_SOCKET), and the socket again to AcceptEx; else closesocket and a new one
 *     --best        the three together
 *
 * Listens on a free port of 127.0.0.1 and prints "ready HOST:PORT". A line on its standard input asks for what it
 * counts of its own costs, which is nothing; the end of its standard input ends it.
 */
#define WIN32_LEAN_AND_MEAN
#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0600
#endif
#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <windows.h>
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _MSC_VER
#pragma comment(lib, "ws2_32")
#endif

#define BUFFER_BYTES 8192
#define ADDRESS_BYTES (sizeof(struct sockaddr_in) + 16)
#define BATCH 64
/* Receives done at once in a row for one connection, before the others have their turn. */
#define INLINE_RECEIVES 8
/* STATUS_PENDING: the operation is still the kernel's. */
#define STILL_OUT ((ULONG_PTR)0x103)

enum type { ACCEPT, RECEIVE, SEND, DISCONNECT };

/* The OVERLAPPED first: its address is the operation's. Connections are never freed, so a packet's address is good. */
typedef struct {
    OVERLAPPED overlapped;
    enum type type;
    struct connection *connection;
} operation;

/* A place for one connection after another, with a socket that may outlive each of them. */
typedef struct connection {
    SOCKET socket;
    BOOL associated;
    operation accept, receive, send, disconnect;
    /* One for each operation that is out, and one for whoever is at work: whoever takes it to 0 ends the connection. */
    volatile LONG io_count;
    volatile LONG closing;
    /* Buffers that wait to be sent, or are being sent. A receive is out only while there is another one. */
    volatile LONG full;
    int receiving, sending; /* the buffer of the next receive, of the next send */
    DWORD length[2];
    struct connection *next; /* in the list of free ones */
    char addresses[2 * ADDRESS_BYTES];
    char buffer[2][BUFFER_BYTES];
} connection;

static int accepts = 200, workers;
static BOOL batch, skip, reuse, wine;

static HANDLE port;
static SOCKET listener;
static LPFN_ACCEPTEX accept_ex;
static LPFN_DISCONNECTEX disconnect_ex;
static connection *free_connections;
static SRWLOCK free_lock = SRWLOCK_INIT;

static void post_accept(void);

static void fatal(const char *call, int error)
{
    fprintf(stderr, "%s: error %d\n", call, error);
    exit(1);
}

/* ---- the count ---- */

static void ended(connection *c);

static void drop(connection *c)
{
    if (InterlockedDecrement(&c->io_count) == 0)
        ended(c);
}

/* Something failed: what is pending is cancelled, and the count runs out. The caller has a count. */
static void fail(connection *c)
{
    InterlockedExchange(&c->closing, 1);
    CancelIoEx((HANDLE)c->socket, NULL);
}

/* Before a post. */
static OVERLAPPED *leave(operation *o)
{
    memset(&o->overlapped, 0, sizeof o->overlapped);
    return &o->overlapped;
}

/* What became of an operation: its packet will come; it is done, and no packet comes; it failed at once. */
enum outcome { PACKET_COMES, DONE_INLINE, NOT_POSTED };

/*
 * After a receive or send. The count that was taken for it is back if no packet will come. A failure elsewhere in between
 * could not cancel it, so it is cancelled here.
 */
static enum outcome posted(connection *c, operation *o, int result)
{
    if (result != 0 && WSAGetLastError() != WSA_IO_PENDING) {
        fail(c);
        drop(c); /* never the last: the caller has one */
        return NOT_POSTED;
    }
    if (result == 0 && skip) {
        drop(c);
        return DONE_INLINE;
    }
    if (c->closing)
        CancelIoEx((HANDLE)c->socket, &o->overlapped);
    return PACKET_COMES;
}

/* ---- echo ---- */

static void receive(connection *c);

/* A send has come home whole. Returns how many buffers are full still. */
static LONG sent(connection *c)
{
    c->sending ^= 1;
    return InterlockedDecrement(&c->full);
}

/* Sends the buffer whose turn it is. The caller has a count. */
static void send_buffer(connection *c)
{
    WSABUF what;
    what.buf = c->buffer[c->sending];
    what.len = c->length[c->sending];
    InterlockedIncrement(&c->io_count);
    if (posted(c, &c->send, WSASend(c->socket, &what, 1, NULL, 0, leave(&c->send), NULL)) == DONE_INLINE)
        sent(c); /* no other is full: whoever sends here is the one that receives */
}

static void send_completed(connection *c, DWORD bytes)
{
    if (bytes != c->length[c->sending]) {
        fail(c); /* the connection broke */
    } else if (sent(c) == 1) {
        /* The other buffer was filled meanwhile, and no receive is out. */
        send_buffer(c);
        receive(c);
    }
}

/* TRUE if another receive is to be posted; else a send will see to it, or the input has ended. */
static BOOL received(connection *c, DWORD bytes)
{
    if (bytes == 0)
        return FALSE; /* the peer's FIN: the count runs out when all is sent */
    c->length[c->receiving] = bytes;
    c->receiving ^= 1;
    if (InterlockedIncrement(&c->full) == 2)
        return FALSE;
    send_buffer(c);
    return TRUE;
}

/* Receives into the free buffer. The caller has a count. */
static void receive(connection *c)
{
    int left = INLINE_RECEIVES;
    WSABUF where;
    DWORD flags, bytes;
    do {
        if (c->closing)
            return;
        where.buf = c->buffer[c->receiving];
        where.len = BUFFER_BYTES;
        flags = 0;
        InterlockedIncrement(&c->io_count);
        if (posted(c, &c->receive, WSARecv(c->socket, &where, 1, NULL, &flags, leave(&c->receive), NULL)) != DONE_INLINE)
            return;
        bytes = (DWORD)c->receive.overlapped.InternalHigh;
        if (--left == 0) {
            InterlockedIncrement(&c->io_count);
            if (!PostQueuedCompletionStatus(port, bytes, 0, &c->receive.overlapped))
                fatal("PostQueuedCompletionStatus", GetLastError());
            return;
        }
    } while (received(c, bytes));
}

/* ---- connections ---- */

static connection *take_connection(void)
{
    connection *c;
    AcquireSRWLockExclusive(&free_lock);
    c = free_connections;
    if (c)
        free_connections = c->next;
    ReleaseSRWLockExclusive(&free_lock);
    if (c)
        return c;
    c = calloc(1, sizeof *c);
    if (!c)
        fatal("calloc", ERROR_NOT_ENOUGH_MEMORY);
    c->socket = INVALID_SOCKET;
    c->accept.type = ACCEPT;
    c->receive.type = RECEIVE;
    c->send.type = SEND;
    c->disconnect.type = DISCONNECT;
    c->accept.connection = c->receive.connection = c->send.connection = c->disconnect.connection = c;
    return c;
}

static void give_connection(connection *c)
{
    AcquireSRWLockExclusive(&free_lock);
    c->next = free_connections;
    free_connections = c;
    ReleaseSRWLockExclusive(&free_lock);
}

static void close_socket(connection *c)
{
    closesocket(c->socket);
    c->socket = INVALID_SOCKET;
    c->associated = FALSE;
}

static enum outcome disconnect(connection *c)
{
    ULONG_PTR status;
    if (disconnect_ex(c->socket, leave(&c->disconnect), TF_REUSE_SOCKET, 0))
        return skip ? DONE_INLINE : PACKET_COMES;
    if (WSAGetLastError() != WSA_IO_PENDING)
        return NOT_POSTED;
    if (!wine || !skip)
        return PACKET_COMES;
    /* Wine has done it by now, and sends no packet after --skip, though it says "pending". */
    status = c->disconnect.overlapped.Internal;
    return status == STILL_OUT ? PACKET_COMES : status == 0 ? DONE_INLINE : NOT_POSTED;
}

/* Nothing is out and nobody is in. */
static void ended(connection *c)
{
    enum outcome outcome = reuse ? disconnect(c) : NOT_POSTED;
    if (outcome == PACKET_COMES)
        return;
    if (outcome == NOT_POSTED)
        close_socket(c);
    give_connection(c);
}

static void disconnect_completed(connection *c, BOOL ok)
{
    if (!ok)
        close_socket(c);
    give_connection(c);
}

static BOOL associate(connection *c)
{
    if (c->associated)
        return TRUE;
    if (!CreateIoCompletionPort((HANDLE)c->socket, port, 0, 0)
            || (skip && !SetFileCompletionNotificationModes((HANDLE)c->socket, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS)))
        return FALSE;
    return c->associated = TRUE;
}

static void accept_completed(connection *c, BOOL ok)
{
    post_accept();
    if (!ok || setsockopt(c->socket, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (char *)&listener, sizeof listener) != 0
            || !associate(c)) {
        close_socket(c);
        give_connection(c);
        return;
    }
    c->closing = c->full = 0;
    c->receiving = c->sending = 0;
    c->io_count = 1;
    receive(c);
    drop(c);
}

/* One accept more, on a socket that has been used before if there is one. */
static void post_accept(void)
{
    connection *c = take_connection();
    DWORD bytes;
    BOOL on = TRUE;
    if (c->socket == INVALID_SOCKET) {
        c->socket = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
        if (c->socket == INVALID_SOCKET)
            fatal("WSASocketW", WSAGetLastError());
        setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, (char *)&on, sizeof on);
    }
    if (!accept_ex(listener, c->socket, c->addresses, 0, ADDRESS_BYTES, ADDRESS_BYTES, &bytes, leave(&c->accept))
            && WSAGetLastError() != WSA_IO_PENDING)
        fatal("AcceptEx", WSAGetLastError());
}

/* ---- packets ---- */

static void dispatch(OVERLAPPED *overlapped, DWORD bytes)
{
    operation *o = (operation *)overlapped;
    connection *c = o->connection;
    BOOL ok = (LONG)overlapped->Internal >= 0;
    switch (o->type) {
    case ACCEPT:
        accept_completed(c, ok);
        return;
    case DISCONNECT:
        disconnect_completed(c, ok);
        return;
    case RECEIVE:
        if (!ok)
            fail(c);
        else if (received(c, bytes))
            receive(c);
        break;
    case SEND:
        if (ok)
            send_completed(c, bytes);
        else
            fail(c);
        break;
    }
    drop(c);
}

static BOOL dequeue_batch(void)
{
    OVERLAPPED_ENTRY entries[BATCH];
    ULONG count, i;
    if (!GetQueuedCompletionStatusEx(port, entries, BATCH, &count, INFINITE, FALSE))
        return FALSE;
    for (i = 0; i < count; i++)
        dispatch(entries[i].lpOverlapped, entries[i].dwNumberOfBytesTransferred);
    return TRUE;
}

static BOOL dequeue_one(void)
{
    OVERLAPPED *overlapped = NULL;
    ULONG_PTR key;
    DWORD bytes;
    if (!GetQueuedCompletionStatus(port, &bytes, &key, &overlapped, INFINITE) && !overlapped)
        return FALSE;
    dispatch(overlapped, bytes);
    return TRUE;
}

static DWORD WINAPI worker(void *unused)
{
    (void)unused;
    while (batch ? dequeue_batch() : dequeue_one())
        ;
    fatal("GetQueuedCompletionStatus", GetLastError());
    return 0;
}

/* ---- start ---- */

static void extension(GUID id, void *function)
{
    DWORD bytes;
    if (WSAIoctl(listener, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof id, function, sizeof(void *), &bytes, NULL,
            NULL) != 0)
        fatal("WSAIoctl", WSAGetLastError());
}

static void options(int count, char **option)
{
    int i;
    for (i = 1; i < count; i++) {
        if (strcmp(option[i], "--batch") == 0) {
            batch = TRUE;
        } else if (strcmp(option[i], "--skip") == 0) {
            skip = TRUE;
        } else if (strcmp(option[i], "--reuse") == 0) {
            reuse = TRUE;
        } else if (strcmp(option[i], "--best") == 0) {
            batch = skip = reuse = TRUE;
        } else if (strcmp(option[i], "--workers") == 0 && i + 1 < count && atoi(option[i + 1]) > 0) {
            workers = atoi(option[++i]);
        } else if (strcmp(option[i], "--accepts") == 0 && i + 1 < count && atoi(option[i + 1]) > 0) {
            accepts = atoi(option[++i]);
        } else {
            fprintf(stderr, "%s: unknown option, or its value is missing or wrong\n", option[i]);
            exit(2);
        }
    }
}

static void start(void)
{
    WSADATA data;
    struct sockaddr_in address;
    int length = sizeof address, error = WSAStartup(MAKEWORD(2, 2), &data), i;
    GUID acceptex = WSAID_ACCEPTEX, disconnectex = WSAID_DISCONNECTEX;
    BOOL on = TRUE;
    if (error)
        fatal("WSAStartup", error);
    port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    if (!port)
        fatal("CreateIoCompletionPort", GetLastError());
    listener = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
    setsockopt(listener, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (char *)&on, sizeof on);
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, (char *)&on, sizeof on);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, SOMAXCONN) != 0
            || getsockname(listener, (struct sockaddr *)&address, &length) != 0)
        fatal("bind, listen", WSAGetLastError());
    if (!CreateIoCompletionPort((HANDLE)listener, port, 0, 0))
        fatal("CreateIoCompletionPort", GetLastError());
    extension(acceptex, &accept_ex);
    extension(disconnectex, &disconnect_ex);
    for (i = 0; i < accepts; i++)
        post_accept();
    for (i = 0; i < workers; i++)
        CloseHandle(CreateThread(NULL, 0, worker, NULL, 0, NULL));
    printf("ready 127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
}

int main(int count, char **option)
{
    char line[64];
    SYSTEM_INFO system;
    GetSystemInfo(&system);
    workers = system.dwNumberOfProcessors > 2 ? (int)system.dwNumberOfProcessors : 2;
    wine = GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != NULL;
    options(count, option);
    _setmode(_fileno(stdout), _O_BINARY);
    start();
    while (fgets(line, sizeof line, stdin)) {
        printf("costs - -\n");
        fflush(stdout);
    }
    ExitProcess(0); /* its threads have nothing to finish; the kernel closes what is open */
}
