/*
 * A load client for HTTP/1.1 that costs less than the servers it measures: one thread, epoll, keep-alive connections,
 * and bodies that the kernel discards (recv with MSG_TRUNC copies nothing).
 *
 *   load [-c CONNECTIONS] [-t SECONDS | -n GROUPS] [-w SECONDS] [-r BYTES_PER_SECOND] [-q PATH] ADDRESS PORT PATHS
 *
 * PATHS is a file of paths, one a line. An empty line ends a group; a connection requests the paths of a group in turn,
 * and then takes the next group that no connection has taken. At the end of the file the first group follows.
 *   -t  ends after this time; the requests in flight are not counted
 *   -n  ends after this number of groups
 *   -w  the first seconds, which are not counted
 *   -r  limits the rate at which each connection reads
 *   -q  requests this path ten times a second on a connection of its own, and prints its latencies
 * Output: one JSON object. Every answer must be 200 and have a Content-Length; anything else ends the run with code 1.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEADERS = 16384, READ = 1 << 20, TICK_MS = 20 };

struct connection {
    int fd;
    int path;           /* index of the path in flight; -1 if none is */
    int in_headers;
    int used;           /* bytes of the headers that have arrived */
    int waits;          /* the rate of this connection is used up */
    int is_probe;
    int64_t left;       /* bytes of the body that are missing */
    int64_t budget;     /* bytes that may be read now, if the rate is limited */
    double sent, first;
    char headers[HEADERS + 1];
};

struct samples { double *values; size_t count, room; };

static struct sockaddr_in server;
static char **paths;        /* an empty string ends a group */
static int path_count, next_group;
static long groups_started, groups_ended, groups_wanted = -1;
static double begin_counting, end_counting;
static int64_t rate = -1, bytes;
static long requests;
static struct samples latencies, first_bytes, probes;
static const char *probe_path;
static int epoll;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void die(const char *what, const char *detail) {
    fprintf(stderr, "load: %s: %s\n", what, detail);
    exit(1);
}

static void add(struct samples *to, double value) {
    if (to->count == to->room) {
        to->room = to->room ? 2 * to->room : 1024;
        to->values = realloc(to->values, to->room * sizeof(double));
        if (!to->values) die("samples", "no memory");
    }
    to->values[to->count++] = value;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *) a, y = *(const double *) b;
    return x < y ? -1 : x > y;
}

static double quantile(struct samples *of, double q) {
    if (of->count == 0) return 0;
    qsort(of->values, of->count, sizeof(double), ascending);
    return of->values[(size_t) (q * (of->count - 1) + 0.5)];
}

static void print_samples(const char *name, struct samples *of) {
    printf(", \"%s\": {\"p50\": %.6f, \"p99\": %.6f, \"max\": %.6f}",
           name, quantile(of, .5), quantile(of, .99), quantile(of, 1));
}

static void read_paths(const char *file) {
    FILE *in = fopen(file, "r");
    char line[4096];
    if (!in) die(file, strerror(errno));
    while (fgets(line, sizeof line, in)) {
        line[strcspn(line, "\n")] = 0;
        paths = realloc(paths, (path_count + 2) * sizeof(char *));
        if (!paths || !(paths[path_count++] = strdup(line))) die(file, "no memory");
    }
    fclose(in);
    if (path_count == 0 || !*paths[0]) die(file, "has no path in its first line");
    if (*paths[path_count - 1]) paths[path_count++] = strdup("");
}

static void send_request(struct connection *c, const char *path) {
    char request[4600];
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: %s:%d\r\nUser-Agent: load\r\n"
                          "Accept: application/vnd.oci.image.manifest.v1+json, */*\r\n\r\n",
                          path, inet_ntoa(server.sin_addr), ntohs(server.sin_port));
    c->sent = now();
    c->in_headers = 1;
    c->used = 0;
    if (send(c->fd, request, length, MSG_NOSIGNAL) != length) die(path, "the request was not sent");
}

/* Sends the request that follows on this connection, if there is one. */
static void send_next(struct connection *c) {
    if (c->is_probe) return;    /* the clock sends them */
    if (c->path >= 0 && *paths[c->path + 1]) {
        c->path++;
    } else {
        if (c->path >= 0) groups_ended++;
        c->path = -1;
        if (groups_wanted >= 0 && groups_started >= groups_wanted) return;
        groups_started++;
        c->path = next_group;
        while (*paths[next_group]) next_group++;
        next_group = (next_group + 1) % path_count;
    }
    send_request(c, paths[c->path]);
}

static void open_connection(struct connection *c) {
    int on = 1;
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0) die("socket", strerror(errno));
    if (rate >= 0) {
        int small = 65536;      /* otherwise the kernel would read ahead of the rate */
        setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    }
    if (connect(c->fd, (struct sockaddr *) &server, sizeof server)) die("connect", strerror(errno));
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event)) die("epoll", strerror(errno));
    c->path = -1;
}

static void end_request(struct connection *c) {
    double end = now();
    if (c->is_probe) {
        add(&probes, end - c->sent);
        c->path = -1;
        return;
    }
    if (end >= begin_counting && end <= end_counting) {
        requests++;
        add(&latencies, end - c->sent);
        add(&first_bytes, c->first - c->sent);
    }
    send_next(c);
}

/* Returns false if the whole header section has not arrived. */
static int parse_headers(struct connection *c) {
    c->headers[c->used] = 0;
    char *end = strstr(c->headers, "\r\n\r\n");
    if (!end) {
        if (c->used == HEADERS) die("headers", "too long");
        return 0;
    }
    if (strncmp(c->headers, "HTTP/1.1 200", 12)) {
        c->headers[strcspn(c->headers, "\r")] = 0;
        die(c->is_probe ? probe_path : paths[c->path], c->headers);
    }
    char *length = strcasestr(c->headers, "\r\ncontent-length:");
    if (!length || length > end) die(paths[c->path], "the answer has no Content-Length");
    c->in_headers = 0;
    int64_t arrived = c->headers + c->used - (end + 4);
    c->left = atoll(length + 17) - arrived;
    if (c->first >= begin_counting) bytes += arrived;
    return 1;
}

static void readable(struct connection *c) {
    while (c->in_headers || c->left > 0) {
        ssize_t got;
        if (c->in_headers) {
            got = recv(c->fd, c->headers + c->used, HEADERS - c->used, 0);
        } else {
            static char nowhere[READ];
            int64_t most = c->left < READ ? c->left : READ;
            if (rate >= 0 && !c->is_probe && most > c->budget) most = c->budget;
            if (most == 0) {
                struct epoll_event none = {.events = 0, .data.ptr = c};
                epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &none);
                c->waits = 1;
                return;
            }
            got = recv(c->fd, nowhere, most, MSG_TRUNC);
        }
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (got <= 0) die(c->is_probe ? probe_path : paths[c->path], got ? strerror(errno) : "the server closed the connection");
        if (c->in_headers) {
            if (c->used == 0) c->first = now();
            c->used += got;
            if (!parse_headers(c)) continue;
        } else {
            c->left -= got;
            c->budget -= got;
            if (now() >= begin_counting) bytes += got;
        }
    }
    end_request(c);
}

static void give_budget(struct connection *all, int count) {
    for (int i = 0; i < count; i++) {
        all[i].budget = rate * TICK_MS / 1000;
        if (all[i].waits) {
            struct epoll_event in = {.events = EPOLLIN, .data.ptr = &all[i]};
            all[i].waits = 0;
            epoll_ctl(epoll, EPOLL_CTL_MOD, all[i].fd, &in);
        }
    }
}

int main(int argc, char **argv) {
    int count = 1, option;
    double seconds = 0, warm_up = 0;
    while ((option = getopt(argc, argv, "c:t:n:w:r:q:")) != -1) {
        switch (option) {
            case 'c': count = atoi(optarg); break;
            case 't': seconds = atof(optarg); break;
            case 'n': groups_wanted = atol(optarg); break;
            case 'w': warm_up = atof(optarg); break;
            case 'r': rate = atoll(optarg); break;
            case 'q': probe_path = optarg; break;
            default: return 2;
        }
    }
    if (argc - optind != 3 || (seconds <= 0 && groups_wanted < 0)) {
        fprintf(stderr, "usage: see the first comment of load.c\n");
        return 2;
    }
    server.sin_family = AF_INET;
    server.sin_port = htons(atoi(argv[optind + 1]));
    if (!inet_aton(argv[optind], &server.sin_addr)) die(argv[optind], "is not an IPv4 address");
    read_paths(argv[optind + 2]);
    struct rlimit files = {.rlim_cur = count + 100, .rlim_max = count + 100};
    if (count > 900 && setrlimit(RLIMIT_NOFILE, &files)) die("setrlimit", strerror(errno));

    epoll = epoll_create1(0);
    struct connection *all = calloc(count + 1, sizeof *all), *probe = all + count;
    if (!all) die("connections", "no memory");
    for (int i = 0; i < count; i++) open_connection(&all[i]);
    if (probe_path) {
        probe->is_probe = 1;
        open_connection(probe);
    }

    double start = now(), next_tick = start, next_probe = start;
    begin_counting = start + warm_up;
    end_counting = seconds > 0 ? begin_counting + seconds : 1e18;
    for (int i = 0; i < count; i++) {
        all[i].budget = rate * TICK_MS / 1000;
        send_next(&all[i]);
    }
    while (now() < end_counting && (groups_wanted < 0 || groups_ended < groups_wanted)) {
        struct epoll_event events[256];
        int ready = epoll_wait(epoll, events, 256, rate >= 0 || probe_path ? 5 : 100);
        for (int i = 0; i < ready; i++) readable(events[i].data.ptr);
        double time = now();
        if (rate >= 0 && time >= next_tick) {
            next_tick = time + TICK_MS / 1000.0;
            give_budget(all, count);
        }
        if (probe_path && time >= next_probe && probe->path == -1) {
            next_probe = time + 0.1;
            probe->path = 0;
            send_request(probe, probe_path);
        }
    }
    double end = seconds > 0 ? end_counting : now();
    printf("{\"requests\": %ld, \"groups\": %ld, \"bytes\": %lld, \"seconds\": %.6f",
           requests, groups_ended, (long long) bytes, end - begin_counting);
    print_samples("latency", &latencies);
    print_samples("first_byte", &first_bytes);
    if (probe_path) print_samples("probe", &probes);
    printf("}\n");
    return 0;
}
