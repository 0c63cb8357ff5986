#include "harness/process/process.h"

#include "harness/process/warden.h"
#include "twins/base/assert.h"
#include "twins/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEFAULT_GRACE (2 * TW_S)
#define DEFAULT_RING  ((size_t)256 << 10)

extern char **environ;

struct tw_process {
	pid_t warden;
	int lifeline; /* -1: closed, it is to stop */
	int report;
	bool ended, stuck, buried;
	struct tw_process_exit exit;
	struct warden_ring *ring; /* NULL: the output goes elsewhere */
	size_t ring_size;
};

static const char *signal_name(int number)
{
	static const struct {
		int number;
		const char *name;
	} names[] = {
		{SIGABRT, "SIGABRT"},
		{SIGBUS, "SIGBUS"},
		{SIGFPE, "SIGFPE"},
		{SIGHUP, "SIGHUP"},
		{SIGILL, "SIGILL"},
		{SIGINT, "SIGINT"},
		{SIGKILL, "SIGKILL"},
		{SIGPIPE, "SIGPIPE"},
		{SIGSEGV, "SIGSEGV"},
		{SIGSYS, "SIGSYS"},
		{SIGTERM, "SIGTERM"},
		{SIGTRAP, "SIGTRAP"},
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].number == number)
			return names[i].name;
	return NULL;
}

void tw_process_exit_text(struct tw_process_exit exit, struct tw_buf *out)
{
	const char *name = signal_name(exit.signal);

	if (!exit.signal)
		tw_buf_printf(out, "exited with status %d", exit.status);
	else if (name)
		tw_buf_printf(out, "was killed by %s", name);
	else
		tw_buf_printf(out, "was killed by signal %d", exit.signal);
}

static const char *variable(char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (; *env; env++)
		if (!strncmp(*env, name, n) && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

static bool executable(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

/* Where the program is: a path as it is, a name by the program's own PATH. */
static int find_program(const char *name, char *const *env, struct tw_buf *path,
	struct tw_error *error)
{
	const char *dirs = variable(env, "PATH");

	if (strchr(name, '/')) {
		tw_buf_add_text(path, name);
		return 0;
	}
	for (const char *p = dirs ? dirs : "/usr/bin:/bin"; *p;) {
		size_t n = strcspn(p, ":");

		tw_buf_clear(path);
		tw_buf_add(path, n ? p : ".", n ? n : 1);
		tw_buf_printf(path, "/%s", name);
		if (executable(path->p))
			return 0;
		p += n + (p[n] == ':');
	}
	return tw_fail(error, TW_E_RUN,
		"'%s': there is no such program in the PATH", name);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The pipes of one start; -1 where there is none, or it was handed on. */
struct pipes {
	int lifeline[2], report[2], failure[2], output[2];
	int null;
};

static void close_pipes(struct pipes *pipes)
{
	for (int i = 0; i < 2; i++) {
		close_fd(&pipes->lifeline[i]);
		close_fd(&pipes->report[i]);
		close_fd(&pipes->failure[i]);
		close_fd(&pipes->output[i]);
	}
	close_fd(&pipes->null);
}

static int open_pipes(
	struct pipes *pipes, bool with_output, struct tw_error *error)
{
	*pipes = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}, -1};
	pipes->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (pipes->null < 0 || pipe2(pipes->lifeline, O_CLOEXEC) ||
		pipe2(pipes->report, O_CLOEXEC) ||
		pipe2(pipes->failure, O_CLOEXEC) ||
		(with_output && pipe2(pipes->output, O_CLOEXEC))) {
		tw_fail(error, TW_E_RUN, "starting a program: %s",
			strerror(errno));
		close_pipes(pipes);
		return -1;
	}
	fcntl(pipes->report[0], F_SETFL, O_NONBLOCK);
	if (with_output)
		fcntl(pipes->output[0], F_SETFL, O_NONBLOCK);
	return 0;
}

static void make_ring(struct tw_process *process, size_t bytes)
{
	void *memory;

	process->ring_size = sizeof *process->ring + bytes;
	memory = mmap(NULL, process->ring_size, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	tw_assert(memory != MAP_FAILED);
	process->ring = memory;
	process->ring->cap = bytes;
}

/* errno of the exec, or 0 where the program runs. */
static int wait_for_exec(int failure)
{
	int why = 0;
	ssize_t n;

	do
		n = read(failure, &why, sizeof why);
	while (n < 0 && errno == EINTR);
	return n == sizeof why ? why : 0;
}

/* Forks the warden, which takes its ends of the pipes along. */
static int fork_warden(struct tw_process *process, struct warden *warden,
	struct pipes *pipes, struct tw_error *error)
{
	int why;

	warden->lifeline = pipes->lifeline[0];
	warden->report = pipes->report[1];
	warden->failure = pipes->failure[1];
	warden->null = pipes->null;
	process->warden = fork();
	if (process->warden == 0)
		tw_warden(warden);
	if (process->warden < 0)
		return tw_fail(error, TW_E_RUN, "'%s': fork: %s", warden->path,
			strerror(errno));
	close_fd(&pipes->failure[1]);
	close_fd(&pipes->report[1]);
	why = wait_for_exec(pipes->failure[0]);
	process->lifeline = pipes->lifeline[1];
	process->report = pipes->report[0];
	pipes->lifeline[1] = pipes->report[0] = -1;
	if (why)
		return tw_fail(error, TW_E_RUN,
			"'%s' could not be executed%s%s: %s", warden->path,
			warden->dir ? " in " : "",
			warden->dir ? warden->dir : "", strerror(why));
	return 0;
}

struct tw_process *tw_process_start_to(const struct tw_process_options *options,
	int out, int err, struct tw_error *error)
{
	char *const *env =
		options->env ? (char *const *)(uintptr_t)options->env : environ;
	struct warden warden = {
		.argv = (char *const *)(uintptr_t)options->argv,
		.env = env,
		.dir = options->dir,
		.grace_ns = options->grace ? options->grace : DEFAULT_GRACE,
		.output = -1,
	};
	struct tw_process *process = tw_calloc(1, sizeof *process);
	struct tw_buf path = {0};
	struct pipes pipes;
	int rc;

	tw_assert(options->argv && options->argv[0]);
	process->lifeline = process->report = -1;
	rc = find_program(options->argv[0], env, &path, error);
	if (!rc && !(rc = open_pipes(&pipes, out < 0, error))) {
		if (out < 0) {
			make_ring(process, options->output_max
						   ? options->output_max
						   : DEFAULT_RING);
			out = err = pipes.output[1];
		}
		warden.path = path.p;
		warden.out = out;
		warden.err = err;
		warden.output = pipes.output[0];
		warden.ring = process->ring;
		rc = fork_warden(process, &warden, &pipes, error);
		close_pipes(&pipes);
	}
	tw_buf_release(&path);
	if (rc) {
		tw_process_free(process);
		return NULL;
	}
	return process;
}

struct tw_process *tw_process_start(
	const struct tw_process_options *options, struct tw_error *error)
{
	return tw_process_start_to(options, -1, -1, error);
}

int tw_process_fd(const struct tw_process *process)
{
	return process->report;
}

static void read_report(struct tw_process *process)
{
	struct warden_report report;

	while (read(process->report, &report, sizeof report) ==
		(ssize_t)sizeof report) {
		if (report.kind == WARDEN_STUCK) {
			process->stuck = true;
			continue;
		}
		process->ended = true;
		if (report.code == CLD_EXITED)
			process->exit.status = report.status;
		else
			process->exit.signal = report.status;
	}
}

bool tw_process_ended(struct tw_process *process, struct tw_process_exit *exit)
{
	if (!process->ended)
		read_report(process);
	if (process->ended)
		*exit = process->exit;
	return process->ended;
}

void tw_process_output(const struct tw_process *process, struct tw_buf *out)
{
	const struct warden_ring *ring = process->ring;
	uint64_t end = atomic_load(&ring->written), begin = 0;
	size_t before = out->n, at, first;
	const char *line;

	if (end > ring->cap)
		begin = end - ring->cap;
	at = (size_t)(begin % ring->cap);
	first = ring->cap - at;
	if (first > end - begin)
		first = (size_t)(end - begin);
	tw_buf_add(out, ring->bytes + at, first);
	tw_buf_add(out, ring->bytes, (size_t)(end - begin) - first);
	if (!begin)
		return;
	/* The oldest line is cut off: without it. */
	line = memchr(out->p + before, '\n', out->n - before);
	if (line) {
		size_t rest = out->n - (size_t)(line + 1 - out->p);

		memmove(out->p + before, line + 1, rest + 1);
		out->n = before + rest;
	}
}

/* The warden ends by itself: after the grace, SIGKILL and some patience. */
static void bury_warden(struct tw_process *process)
{
	while (waitpid(process->warden, NULL, 0) < 0 && errno == EINTR)
		;
	process->buried = true;
}

int tw_process_stop(struct tw_process *process, struct tw_process_exit *exit,
	struct tw_error *error)
{
	close_fd(&process->lifeline);
	if (!process->buried)
		bury_warden(process);
	if (process->report >= 0)
		read_report(process);
	*exit = process->exit;
	if (process->stuck)
		return tw_fail(error, TW_E_RUN,
			"a process could not be killed: it hangs in the "
			"kernel");
	/* A warden that somebody killed: its program died with it. */
	if (!process->ended)
		exit->signal = SIGKILL;
	return 0;
}

void tw_process_free(struct tw_process *process)
{
	struct tw_process_exit exit;
	struct tw_error error;

	if (!process)
		return;
	if (process->warden > 0)
		tw_process_stop(process, &exit, &error);
	close_fd(&process->report);
	if (process->ring)
		munmap(process->ring, process->ring_size);
	tw_free(process);
}
