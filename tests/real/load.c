/*
 * Sends requests at given instants, whatever becomes of the earlier ones (an
 * open loop), over HTTP/1.1 connections that are kept alive.
 *
 *	load port=PORT at=NS schedule=FILE out=FILE [patience=NS] [warm=N]
 *
 * The schedule has one time a line, in ns from `at` (CLOCK_MONOTONIC). The
 * request of line i has the header x-id: i and is GET /work. `out` has a line a
 * request: i, when it was due, when it was sent, when its answer was there (ns
 * from `at`), status; 0: the connection broke; -1: no answer within `patience`
 * (30 s). So latency counts from when a request was due, and how late the
 * generator was can be told. N connections are opened beforehand.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NS	   1000000000LL
#define ANSWER_MAX 4096
#define NOBODY	   SIZE_MAX

struct sent {
	int64_t due, sent, done; /* done 0: not yet */
	int status;
};

struct connection {
	struct connection *next; /* idle */
	int fd;
	bool connecting;
	size_t request; /* NOBODY: idle */
	size_t n;
	char in[ANSWER_MAX];
};

static struct {
	long port, warm;
	int64_t at, patience;
	const char *schedule, *out;

	struct sent *sent;
	size_t n, room, next, oldest, finished;
	struct connection *idle;
	int epoll, timer;
} self = {.patience = 30 * NS, .warm = 16};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* From `at` on. */
static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS + t.tv_nsec - self.at;
}

/* ---- connections ------------------------------------------------------ */

static void finish(size_t i, int status)
{
	struct sent *it = &self.sent[i];

	if (it->done)
		return;
	it->done = now();
	it->status = status;
	self.finished++;
}

static void drop(struct connection *it, int status)
{
	if (it->request != NOBODY)
		finish(it->request, status);
	close(it->fd);
	free(it);
}

static void write_request(struct connection *it)
{
	char text[128];
	int size = snprintf(text, sizeof text,
		"GET /work HTTP/1.1\r\nHost: x\r\nX-Id: %zu\r\n\r\n",
		it->request);

	/* An error shows where the answer is read. */
	if (send(it->fd, text, (size_t)size, MSG_NOSIGNAL) != size)
		shutdown(it->fd, SHUT_RDWR);
}

static void watch(struct connection *it, int how, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = it};

	if (epoll_ctl(self.epoll, how, it->fd, &event))
		die("epoll_ctl");
}

static struct connection *dial(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)self.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct connection *it = calloc(1, sizeof *it);
	int one = 1;

	if (!it)
		die("calloc");
	it->request = NOBODY;
	it->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (it->fd < 0)
		die("socket");
	setsockopt(it->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	it->connecting = connect(it->fd, (const void *)&to, sizeof to) != 0;
	if (it->connecting && errno != EINPROGRESS)
		die("connect");
	watch(it, EPOLL_CTL_ADD, it->connecting ? EPOLLOUT : EPOLLIN);
	return it;
}

static void rest(struct connection *it)
{
	it->request = NOBODY;
	it->n = 0;
	it->next = self.idle;
	self.idle = it;
}

static void send_next(void)
{
	struct connection *it = self.idle;

	if (it)
		self.idle = it->next;
	else
		it = dial();
	it->request = self.next;
	if (!it->connecting)
		write_request(it);
	self.sent[self.next++].sent = now();
}

/* ---- answers ---------------------------------------------------------- */

/* True where the answer is complete. */
static bool is_whole(const struct connection *it, bool *keep)
{
	const char *body = strstr(it->in, "\r\n\r\n"), *length;

	*keep = false;
	if (!body)
		return false;
	length = strcasestr(it->in, "\r\ncontent-length:");
	if (!length || length > body)
		return true;
	if (it->n <
		(size_t)(body + 4 - it->in) + strtoul(length + 17, NULL, 10))
		return false;
	*keep = !strcasestr(it->in, "\r\nconnection: close") &&
		!strncmp(it->in, "HTTP/1.1", 8);
	return true;
}

static void unlink_idle(const struct connection *it)
{
	struct connection **at = &self.idle;

	while (*at && *at != it)
		at = &(*at)->next;
	if (*at)
		*at = it->next;
}

static void incoming(struct connection *it)
{
	ssize_t n = recv(it->fd, it->in + it->n, ANSWER_MAX - 1 - it->n, 0);
	bool keep;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		if (it->request == NOBODY)
			unlink_idle(it);
		drop(it, 0);
		return;
	}
	it->n += (size_t)n;
	it->in[it->n] = 0;
	if (it->request == NOBODY || !is_whole(it, &keep))
		return;
	finish(it->request, (int)strtol(it->in + 9, NULL, 10));
	if (keep)
		rest(it);
	else
		drop(it, 0);
}

static void ready(struct connection *it, uint32_t events)
{
	if (!it->connecting) {
		incoming(it);
		return;
	}
	if (events & (EPOLLERR | EPOLLHUP)) {
		drop(it, 0);
		return;
	}
	it->connecting = false;
	watch(it, EPOLL_CTL_MOD, EPOLLIN);
	if (it->request == NOBODY)
		rest(it);
	else
		write_request(it);
}

/* ---- the clock -------------------------------------------------------- */

static void set_timer(void)
{
	int64_t next =
		self.next < self.n ? self.sent[self.next].due : now() + NS / 10;
	struct itimerspec when = {
		.it_value = {(self.at + next) / NS, (self.at + next) % NS}};

	timerfd_settime(self.timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void on_time(void)
{
	uint64_t times;

	if (read(self.timer, &times, sizeof times) < 0 && errno != EAGAIN)
		die("timerfd");
	while (self.next < self.n && self.sent[self.next].due <= now())
		send_next();
	while (self.oldest < self.next &&
		(self.sent[self.oldest].done ||
			self.sent[self.oldest].due + self.patience < now()))
		finish(self.oldest++, -1);
	set_timer();
}

static void run(void)
{
	struct epoll_event events[64];
	struct epoll_event timer = {.events = EPOLLIN};

	self.epoll = epoll_create1(EPOLL_CLOEXEC);
	self.timer =
		timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (epoll_ctl(self.epoll, EPOLL_CTL_ADD, self.timer, &timer))
		die("epoll_ctl");
	for (long i = 0; i < self.warm; i++) {
		struct connection *it = dial();

		if (!it->connecting)
			rest(it);
	}
	set_timer();
	while (self.finished < self.n) {
		int n = epoll_wait(self.epoll, events, 64, -1);

		for (int i = 0; i < n; i++)
			if (!events[i].data.ptr)
				on_time();
		for (int i = 0; i < n; i++)
			if (events[i].data.ptr)
				ready(events[i].data.ptr, events[i].events);
	}
}

/* ---- files ------------------------------------------------------------ */

static void read_schedule(void)
{
	FILE *file = fopen(self.schedule, "r");
	long long due;

	if (!file)
		die(self.schedule);
	while (fscanf(file, "%lld", &due) == 1) {
		if (self.n == self.room) {
			self.room = self.room ? 2 * self.room : 1024;
			self.sent = realloc(
				self.sent, self.room * sizeof *self.sent);
			if (!self.sent)
				die("realloc");
		}
		self.sent[self.n++] = (struct sent){.due = due};
	}
	fclose(file);
}

static void write_out(void)
{
	FILE *file = fopen(self.out, "w");

	if (!file)
		die(self.out);
	for (size_t i = 0; i < self.n; i++)
		fprintf(file, "%zu %lld %lld %lld %d\n", i,
			(long long)self.sent[i].due,
			(long long)self.sent[i].sent,
			(long long)self.sent[i].done, self.sent[i].status);
	if (fclose(file))
		die(self.out);
}

static void option(char *text)
{
	char *value = strchr(text, '=');

	if (!value) {
		fprintf(stderr, "load: what is %s?\n", text);
		exit(2);
	}
	*value++ = 0;
	if (!strcmp(text, "port"))
		self.port = strtol(value, NULL, 10);
	else if (!strcmp(text, "at"))
		self.at = strtoll(value, NULL, 10);
	else if (!strcmp(text, "schedule"))
		self.schedule = value;
	else if (!strcmp(text, "out"))
		self.out = value;
	else if (!strcmp(text, "patience"))
		self.patience = strtoll(value, NULL, 10);
	else if (!strcmp(text, "warm"))
		self.warm = strtol(value, NULL, 10);
}

int main(int argc, char **argv)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_TIMERSLACK, 1UL);
	for (int i = 1; i < argc; i++)
		option(argv[i]);
	if (!self.schedule || !self.out || !self.port)
		die("port=, schedule=, out=");
	read_schedule();
	run();
	write_out();
	return 0;
}
