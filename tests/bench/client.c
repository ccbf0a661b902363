/*
 * What `iocp4j bench --client epoll` drives the servers with: a client for Linux, on epoll, one thread. It answers each
 * echo with the next message as soon as it has come, in less time than a server needs for the next, so that it shows
 * which connections a server lets wait.
 *
 *     gcc -O2 client.c -o client
 *     client HOST PORT CONNECTIONS BYTES MESSAGES
 *
 * HOST is an IPv4 address. BYTES are sent together on each connection and must come back before the next; they count
 * for MESSAGES operations. All connect, and each has one exchange; then the client answers the lines of its standard
 * input:
 *
 *     open         at the start, of itself: the line for the first exchanges
 *     work MILLIS  works for so long, and until each connection has had an exchange; then what is under way ends
 *     leave        closes, waits until the server has closed its side of each connection, answers "left" and ends
 *
 * A line is {"operations":N,"nanos":N,"all":N,"micros":[[MICROS,TIMES],...]}: the operations before the time was up,
 * that time, those too that were under way, and how often an exchange took how long, to a thousandth. What goes wrong
 * is a line "failed WHY", and exit code 1. The end of its standard input ends it at once.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 64
/* The latencies are counted to a thousandth: 1,024 buckets for each power of two, exactly below 2,048. */
#define EXACT_BITS 11
#define HALF (1 << (EXACT_BITS - 1))
#define HIGHEST_MICROS 60000000LL
#define BUCKETS (HALF * 18)
#define SILENCE_MILLIS 20000
#define LONGEST_PHASE_NANOS 60000000000LL

typedef struct {
    int socket;
    int connected;
    size_t sent, echoed;
    int64_t start;
    int waiting; /* for its echo */
} connection;

static struct sockaddr_in server;
static int count, messages;
static size_t bytes;
static connection *all;
static char *message, *input;
static int poller;
static int connected, waiting, working, leaving;
static int64_t deadline, up, phase_end;
static int64_t operations, done;
static int64_t times[BUCKETS], exchanges;

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void failed(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    printf("failed ");
    vprintf(format, values);
    printf(", %d of %d connections made\n", connected, count);
    fflush(stdout);
    exit(1);
}

/* ---- latencies ---- */

static int bucket(int64_t micros)
{
    int shift = 0;
    while (micros >> shift >= 2 * HALF)
        shift++;
    return shift * HALF + (int)(micros >> shift);
}

static int64_t lowest_micros(int bucket)
{
    int shift = bucket < 2 * HALF ? 0 : bucket / HALF - 1;
    return (int64_t)(bucket - shift * HALF) << shift;
}

static void took(int64_t nanos)
{
    int64_t micros = nanos / 1000;
    times[bucket(micros < HIGHEST_MICROS ? micros : HIGHEST_MICROS)]++;
    exchanges++;
}

static void print(int64_t counted, int64_t nanos)
{
    int i;
    const char *comma = "";
    printf("{\"operations\":%lld,\"nanos\":%lld,\"all\":%lld,\"micros\":[", (long long)counted, (long long)nanos,
            (long long)(done > counted ? done : counted));
    for (i = 0; i < BUCKETS; i++) {
        if (times[i]) {
            printf("%s[%lld,%lld]", comma, (long long)lowest_micros(i), (long long)times[i]);
            comma = ",";
        }
    }
    printf("]}\n");
    fflush(stdout);
    memset(times, 0, sizeof times);
    exchanges = 0;
}

/* ---- connections ---- */

static void watch(connection *c, int how, uint32_t events)
{
    struct epoll_event event;
    event.events = events;
    event.data.ptr = c;
    if (epoll_ctl(poller, how, c->socket, &event) != 0)
        failed("epoll_ctl: %s", strerror(errno));
}

/* The connection's number is in its bytes, so that another's are seen to be another's. */
static void sign(connection *c)
{
    int64_t number = c - all;
    memcpy(message, &number, bytes < sizeof number ? bytes : sizeof number);
}

static void send_rest(connection *c)
{
    ssize_t sent;
    int was_full = c->sent > 0;
    sign(c);
    sent = send(c->socket, message + c->sent, bytes - c->sent, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
        failed("send: %s", strerror(errno));
    if (sent > 0)
        c->sent += sent;
    if (c->sent < bytes)
        watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    else if (was_full)
        watch(c, EPOLL_CTL_MOD, EPOLLIN);
}

static void begin(connection *c, int64_t start)
{
    c->start = start;
    c->sent = c->echoed = 0;
    c->waiting = 1;
    waiting++;
    send_rest(c);
}

/* An exchange is over; whether there is to be another. */
static int goes_on(connection *c, int64_t end)
{
    took(end - c->start);
    if (!working)
        return 0;
    done += messages;
    if (up)
        return 0;
    operations += messages;
    if (end >= deadline && exchanges >= count)
        up = end;
    return !up;
}

static void receive(connection *c)
{
    ssize_t came = recv(c->socket, input, bytes + 1, 0);
    int64_t end;
    if (came < 0 && errno == EAGAIN)
        return;
    if (came < 0)
        failed("recv: %s", strerror(errno));
    if (came == 0) {
        if (!leaving)
            failed("the server closed a connection that was %s", c->waiting ? "WAITING" : "HELD");
        close(c->socket);
        waiting--;
        return;
    }
    if (!c->waiting || (size_t)came > c->sent - c->echoed)
        failed("the server sent %zd bytes too many", came);
    sign(c);
    if (memcmp(input, message + c->echoed, came) != 0)
        failed("what came is not what was due");
    c->echoed += came;
    if (c->echoed < bytes)
        return;
    end = now();
    c->waiting = 0;
    waiting--;
    if (goes_on(c, end))
        begin(c, end);
}

static void connected_now(connection *c)
{
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(c->socket, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error)
        failed("the client cannot connect: %s", strerror(error));
    c->connected = 1;
    connected++;
    waiting--;
    watch(c, EPOLL_CTL_MOD, EPOLLIN);
    begin(c, c->start);
}

static void ready(connection *c, uint32_t events)
{
    if (!c->connected) {
        connected_now(c);
        return;
    }
    if (events & EPOLLOUT)
        send_rest(c);
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        receive(c);
}

/* Until nothing is awaited. */
static void finish_all(int64_t phase_nanos)
{
    struct epoll_event events[EVENTS];
    int i, found;
    phase_end = now() + phase_nanos + LONGEST_PHASE_NANOS;
    while (waiting > 0) {
        found = epoll_wait(poller, events, EVENTS, SILENCE_MILLIS);
        if (found < 0 && errno != EINTR)
            failed("epoll_wait: %s", strerror(errno));
        if (found == 0)
            failed("nothing came for %d s, %d connections wait", SILENCE_MILLIS / 1000, waiting);
        for (i = 0; i < found; i++)
            ready(events[i].data.ptr, events[i].events);
        if (now() > phase_end)
            failed("not through after %lld s, %d connections wait", LONGEST_PHASE_NANOS / 1000000000LL, waiting);
    }
}

static void open_all(void)
{
    int64_t start = now();
    int i, on = 1;
    for (i = 0; i < count; i++) {
        connection *c = &all[i];
        c->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (c->socket < 0)
            failed("socket: %s", strerror(errno));
        setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        c->start = now();
        if (connect(c->socket, (struct sockaddr *)&server, sizeof server) != 0 && errno != EINPROGRESS)
            failed("the client cannot connect: %s", strerror(errno));
        waiting++;
        watch(c, EPOLL_CTL_ADD, EPOLLOUT);
    }
    finish_all(0);
    print(count, now() - start);
}

static void work(int64_t nanos)
{
    int64_t start = now();
    int i;
    deadline = start + nanos;
    operations = done = up = 0;
    working = 1;
    for (i = 0; i < count; i++)
        begin(&all[i], now());
    finish_all(nanos);
    working = 0;
    print(operations, up - start);
}

static void leave(void)
{
    int i;
    leaving = 1;
    for (i = 0; i < count; i++) {
        waiting++;
        if (shutdown(all[i].socket, SHUT_WR) != 0)
            failed("shutdown: %s", strerror(errno));
    }
    finish_all(0);
    printf("left\n");
    fflush(stdout);
}

static int positive(const char *text, long most)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (*end || value < 1 || value > most) {
        fprintf(stderr, "%s: must be 1 to %ld\n", text, most);
        exit(2);
    }
    return (int)value;
}

int main(int arguments, char **argument)
{
    char line[64];
    size_t i;
    if (arguments != 6) {
        fprintf(stderr, "usage: client HOST PORT CONNECTIONS BYTES MESSAGES\n");
        return 2;
    }
    server.sin_family = AF_INET;
    server.sin_port = htons(positive(argument[2], 65535));
    if (inet_pton(AF_INET, argument[1], &server.sin_addr) != 1) {
        fprintf(stderr, "%s: is no IPv4 address\n", argument[1]);
        return 2;
    }
    count = positive(argument[3], 1000000);
    bytes = positive(argument[4], 1 << 24);
    messages = positive(argument[5], 1 << 24);
    all = calloc(count, sizeof *all);
    message = malloc(bytes);
    input = malloc(bytes + 1);
    poller = epoll_create1(EPOLL_CLOEXEC);
    if (!all || !message || !input || poller < 0)
        failed("no memory: %s", strerror(errno));
    for (i = 0; i < bytes; i++)
        message[i] = (char)i;
    open_all();
    while (fgets(line, sizeof line, stdin)) {
        if (strncmp(line, "work ", 5) == 0) {
            line[strcspn(line, "\n")] = 0;
            work(positive(line + 5, 3600000) * 1000000LL);
        } else if (strcmp(line, "leave\n") == 0) {
            leave();
            return 0;
        } else {
            failed("no such order: %s", line);
        }
    }
    return 0;
}
