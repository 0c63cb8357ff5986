/*
 * A service with known work, for comparisons of the twin with reality: HTTP/1.1
 * with keep-alive, a fixed pool of workers, one bounded queue, first come
 * first served.
 *
 *	service log=FILE [port=0] [workers=4] [queue=40] [work=wait|cpu]
 *		[law=constant|exponential|lognormal] [mean=NS] [cv=X] [seed=N]
 *		[call=PORT]
 *
 * Says "port N" on standard output once it listens. What a request costs: a
 * worker draws a time and sleeps (or spins) for it, then calls GET /work on
 * 127.0.0.1:PORT where there is one, and holds on until the answer is there.
 * Beyond `workers` at work and `queue` waiting a request gets a 503 at once. A
 * client that went away makes no difference to the work, as in most servers.
 *
 *	GET /-/lag/NS		from now on requests get in NS later
 *	GET /-/slow/PERMILLE	from now on work takes PERMILLE/1000 times as
 *				long
 *
 * The log has a line a request: id (header x-id), when it came, when a worker
 * took it, when its call began and ended (0: none), when it was answered (ns,
 * CLOCK_MONOTONIC), status. SIGTERM ends the process with its log complete.
 *
 * One thread (net) reads; workers write. A connection lives until both its peer
 * and its requests are gone.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_MAX 4096
#define NS	    1000000000LL

struct job {
	struct job *next;
	struct connection *from;
	uint64_t id;
	int64_t due; /* held back until then by a lag */
	int64_t arrived, started, called, returned;
};

struct connection {
	int fd;
	bool gone;     /* the peer */
	unsigned jobs; /* under way: the next may come before the last one's
			* worker has cleared up */
	size_t n;
	char in[REQUEST_MAX];
};

struct list {
	struct job *first, **last;
};

static struct {
	/* As given. */
	long port, workers, queue, call;
	bool spins;
	enum { CONSTANT, EXPONENTIAL, LOGNORMAL } law;
	double mean, cv;
	uint64_t seed;
	const char *log_name;

	/* All below: under the lock. */
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct list waiting;
	long n_waiting, n_idle;
	double factor;
	FILE *log;

	/* net's own */
	int epoll, timer;
	int64_t lag;
	struct list lagging;

	double spins_a_ns;
} self = {
	.workers = 4,
	.queue = 40,
	.mean = 20e6,
	.seed = 1,
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.more = PTHREAD_COND_INITIALIZER,
	.factor = 1,
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS + t.tv_nsec;
}

static void append(struct list *list, struct job *job)
{
	job->next = NULL;
	*list->last = job;
	list->last = &job->next;
}

static struct job *take(struct list *list)
{
	struct job *job = list->first;

	list->first = job->next;
	if (!list->first)
		list->last = &list->first;
	return job;
}

/* ---- work ------------------------------------------------------------- */

/* SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number
 * generators", 2014. */
static double uniform(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	z ^= z >> 31;
	return ((double)(z >> 11) + 0.5) / 9007199254740992.0;
}

/* Under the lock. Lognormal by Box and Muller, with the given mean and cv. */
static double draw(void)
{
	double u = uniform(&self.seed), v, s2;

	if (self.law == CONSTANT)
		return self.mean;
	if (self.law == EXPONENTIAL)
		return -self.mean * log(u);
	v = uniform(&self.seed);
	s2 = log(1 + self.cv * self.cv);
	return self.mean *
	       exp(sqrt(s2) * sqrt(-2 * log(u)) * cos(2 * M_PI * v) - s2 / 2);
}

static void spin(double turns)
{
	static volatile uint64_t sink;
	uint64_t x = 88172645463325252ULL;

	for (double i = 0; i < turns; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	sink = x;
	(void)sink;
}

/* The fastest of some rounds is the one that nobody disturbed. */
static void calibrate(void)
{
	for (int i = 0; i < 20; i++) {
		int64_t from = now();
		double speed;

		spin(1e6);
		speed = 1e6 / (double)(now() - from);
		if (speed > self.spins_a_ns)
			self.spins_a_ns = speed;
	}
}

static void do_work(int64_t started, double ns)
{
	int64_t end = started + (int64_t)ns;
	struct timespec t = {end / NS, end % NS};

	if (self.spins) {
		spin(ns * self.spins_a_ns);
		return;
	}
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) ==
		EINTR)
		;
}

/* ---- the call --------------------------------------------------------- */

static int dial(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)self.call),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (!connect(fd, (const void *)&to, sizeof to))
		return fd;
	close(fd);
	return -1;
}

/* Sends the request and reads the whole answer; 0 where none came. `keep`:
 * the connection can be used again. */
static int exchange(int fd, uint64_t id, bool *keep)
{
	char text[REQUEST_MAX + 1], *body, *length;
	size_t n = 0, want = 0;
	int size = snprintf(text, sizeof text,
		"GET /work HTTP/1.1\r\nHost: x\r\nX-Id: %llu\r\n\r\n",
		(unsigned long long)id);

	*keep = false;
	if (send(fd, text, (size_t)size, MSG_NOSIGNAL) != size)
		return 0;
	for (;;) {
		ssize_t got = recv(fd, text + n, REQUEST_MAX - n, 0);

		if (got <= 0)
			return 0;
		n += (size_t)got;
		text[n] = 0;
		body = strstr(text, "\r\n\r\n");
		if (!body)
			continue;
		length = strcasestr(text, "\r\ncontent-length:");
		if (!length || length > body)
			break;
		want = (size_t)(body + 4 - text) +
		       strtoul(length + 17, NULL, 10);
		if (n >= want || want > REQUEST_MAX)
			break;
	}
	*keep = want == n && !strcasestr(text, "\r\nconnection: close");
	return strncmp(text, "HTTP/1.", 7) ? 0
					   : (int)strtol(text + 9, NULL, 10);
}

/* An idle connection may have been closed meanwhile: then once more. */
static bool call(int *fd, uint64_t id)
{
	bool keep = false, old = *fd >= 0;
	int status;

	if (!old)
		*fd = dial();
	status = *fd < 0 ? 0 : exchange(*fd, id, &keep);
	if (!keep && *fd >= 0) {
		close(*fd);
		*fd = -1;
	}
	if (!status && old)
		return call(fd, id);
	return status >= 200 && status < 400;
}

/* ---- workers ---------------------------------------------------------- */

static void answer(const struct connection *to, int status)
{
	static const char ok[] = "HTTP/1.1 200 OK\r\n"
				 "Content-Length: 3\r\n\r\nok\n";
	static const char failed[] = "HTTP/1.1 500 Internal Server Error\r\n"
				     "Content-Length: 3\r\n\r\nno\n";
	static const char busy[] = "HTTP/1.1 503 Service Unavailable\r\n"
				   "Content-Length: 5\r\n\r\nbusy\n";
	const char *text = status == 200 ? ok : status == 500 ? failed : busy;

	/* So small that it fits, or nobody reads it any more. */
	if (send(to->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return;
}

/* Under the lock. */
static void forget(struct connection *it)
{
	if (it->jobs || !it->gone)
		return;
	close(it->fd);
	free(it);
}

/* Answers, writes the log and lets go; under the lock. */
static void finish(struct job *job, int status)
{
	struct connection *it = job->from;

	fprintf(self.log, "%llu %lld %lld %lld %lld %lld %d\n",
		(unsigned long long)job->id, (long long)job->arrived,
		(long long)job->started, (long long)job->called,
		(long long)job->returned, (long long)now(), status);
	it->jobs--;
	forget(it);
	free(job);
}

static void *work(void *unused)
{
	int fd = -1;

	(void)unused;
	prctl(PR_SET_TIMERSLACK, 1UL);
	pthread_mutex_lock(&self.lock);
	for (;;) {
		struct job *job;
		double ns;
		bool fine = true;

		self.n_idle++;
		while (!self.waiting.first)
			pthread_cond_wait(&self.more, &self.lock);
		self.n_idle--;
		self.n_waiting--;
		job = take(&self.waiting);
		ns = draw() * self.factor;
		pthread_mutex_unlock(&self.lock);
		job->started = now();
		do_work(job->started, ns);
		if (self.call) {
			job->called = now();
			fine = call(&fd, job->id);
			job->returned = now();
		}
		answer(job->from, fine ? 200 : 500);
		pthread_mutex_lock(&self.lock);
		finish(job, fine ? 200 : 500);
	}
	return NULL;
}

/* ---- net -------------------------------------------------------------- */

static void watch(int fd, void *as)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = as};

	if (epoll_ctl(self.epoll, EPOLL_CTL_ADD, fd, &event))
		die("epoll_ctl");
}

/* A worker that is about to take a job still counts as idle here: what waits
 * for one of those does not wait in the queue. */
static void admit(struct job *job)
{
	job->arrived = now();
	pthread_mutex_lock(&self.lock);
	if (self.n_waiting - self.n_idle >= self.queue) {
		answer(job->from, 503);
		finish(job, 503);
	} else {
		append(&self.waiting, job);
		self.n_waiting++;
		pthread_cond_signal(&self.more);
	}
	pthread_mutex_unlock(&self.lock);
}

static void set_timer(void)
{
	struct itimerspec when = {0};

	if (self.lagging.first) {
		when.it_value.tv_sec = self.lagging.first->due / NS;
		when.it_value.tv_nsec = self.lagging.first->due % NS;
	}
	timerfd_settime(self.timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void lag_is_over(void)
{
	uint64_t times;

	if (read(self.timer, &times, sizeof times) < 0 && errno != EAGAIN)
		die("timerfd");
	while (self.lagging.first && self.lagging.first->due <= now())
		admit(take(&self.lagging));
	set_timer();
}

static void control(const struct connection *it, const char *target)
{
	pthread_mutex_lock(&self.lock);
	if (!strncmp(target, "lag/", 4))
		self.lag = strtoll(target + 4, NULL, 10);
	else if (!strncmp(target, "slow/", 5))
		self.factor = strtod(target + 5, NULL) / 1000;
	pthread_mutex_unlock(&self.lock);
	answer(it, 200);
}

static void request(struct connection *it)
{
	struct job *job;
	const char *id = strcasestr(it->in, "\r\nx-id:");

	it->n = 0;
	if (!strncmp(it->in, "GET /-/", 7)) {
		control(it, it->in + 7);
		return;
	}
	job = calloc(1, sizeof *job);
	if (!job)
		die("calloc");
	job->from = it;
	job->id = id ? strtoull(id + 7, NULL, 10) : 0;
	pthread_mutex_lock(&self.lock);
	it->jobs++;
	pthread_mutex_unlock(&self.lock);
	if (!self.lag) {
		admit(job);
		return;
	}
	job->due = now() + self.lag;
	append(&self.lagging, job);
	set_timer();
}

static void incoming(struct connection *it)
{
	ssize_t n = recv(it->fd, it->in + it->n, REQUEST_MAX - 1 - it->n, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		it->n += (size_t)n;
		it->in[it->n] = 0;
		if (strstr(it->in, "\r\n\r\n"))
			request(it);
		if (it->n < REQUEST_MAX - 1)
			return;
	}
	epoll_ctl(self.epoll, EPOLL_CTL_DEL, it->fd, NULL);
	pthread_mutex_lock(&self.lock);
	it->gone = true;
	forget(it);
	pthread_mutex_unlock(&self.lock);
}

static void accept_all(int listener)
{
	int fd, one = 1;

	while ((fd = accept4(listener, NULL, NULL,
			SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct connection *it = calloc(1, sizeof *it);

		if (!it)
			die("calloc");
		it->fd = fd;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		watch(fd, it);
	}
}

static int listen_there(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)self.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (fd < 0 || bind(fd, (void *)&at, sizeof at) || listen(fd, 4096) ||
		getsockname(fd, (void *)&at, &size))
		die("listen");
	printf("port %d\n", ntohs(at.sin_port));
	fflush(stdout);
	return fd;
}

static void serve(int listener, int signals)
{
	struct epoll_event events[64];

	watch(listener, &self.port);
	watch(self.timer, &self.timer);
	watch(signals, &self.epoll);
	for (;;) {
		int n = epoll_wait(self.epoll, events, 64, -1);

		for (int i = 0; i < n; i++) {
			void *what = events[i].data.ptr;

			if (what == &self.epoll)
				return;
			if (what == &self.port)
				accept_all(listener);
			else if (what == &self.timer)
				lag_is_over();
			else
				incoming(what);
		}
	}
}

/* ---- the command line ------------------------------------------------- */

static int index_of(const char *word, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(word, words[i]))
			return i;
	fprintf(stderr, "service: what is %s?\n", word);
	exit(2);
}

static void option(char *text)
{
	static const char *const names[] = {"port", "workers", "queue", "work",
		"law", "mean", "cv", "seed", "call", "log", NULL};
	static const char *const works[] = {"wait", "cpu", NULL};
	static const char *const laws[] = {
		"constant", "exponential", "lognormal", NULL};
	char *value = strchr(text, '=');

	if (value)
		*value++ = 0;
	else
		value = text;
	switch (index_of(text, names)) {
	case 0:
		self.port = strtol(value, NULL, 10);
		break;
	case 1:
		self.workers = strtol(value, NULL, 10);
		break;
	case 2:
		self.queue = strtol(value, NULL, 10);
		break;
	case 3:
		self.spins = index_of(value, works);
		break;
	case 4:
		self.law = (unsigned)index_of(value, laws);
		break;
	case 5:
		self.mean = strtod(value, NULL);
		break;
	case 6:
		self.cv = strtod(value, NULL);
		break;
	case 7:
		self.seed = strtoull(value, NULL, 10);
		break;
	case 8:
		self.call = strtol(value, NULL, 10);
		break;
	default:
		self.log_name = value;
	}
}

int main(int argc, char **argv)
{
	sigset_t set;
	pthread_t thread;
	int listener;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_TIMERSLACK, 1UL);
	for (int i = 1; i < argc; i++)
		option(argv[i]);
	self.waiting.last = &self.waiting.first;
	self.lagging.last = &self.lagging.first;
	self.log = self.log_name ? fopen(self.log_name, "w") : NULL;
	if (!self.log)
		die("log=FILE");
	if (self.spins)
		calibrate();
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	self.epoll = epoll_create1(EPOLL_CLOEXEC);
	self.timer =
		timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	for (long i = 0; i < self.workers; i++)
		if (pthread_create(&thread, NULL, work, NULL))
			die("pthread_create");
	listener = listen_there();
	serve(listener, signalfd(-1, &set, SFD_CLOEXEC));
	pthread_mutex_lock(&self.lock);
	return fclose(self.log) ? 1 : 0;
}
