#include "harness/process/warden.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

enum {
	TICK_NS = 20 * 1000 * 1000,
	CHILDREN_MAX = 256, /* a look; the next look takes the others */
};

/* From SIGKILL until we give up: a process may hang in the kernel. */
#define STUCK_NS INT64_C(5000000000)

/* The warden's own descriptors, and the first that is nobody's. */
enum { LIFELINE, REPORT, OUTPUT, FREE };

struct guard {
	const struct warden *warden;
	pid_t program;
	bool output_open, reported, stopping, killing;
	int64_t until; /* stopping: SIGKILL then; killing: give up then */
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void close_from(int first)
{
#ifdef SYS_close_range
	if (!syscall(SYS_close_range, (unsigned)first, ~0U, 0U))
		return;
#endif
	for (int fd = first, end = (int)sysconf(_SC_OPEN_MAX); fd < end; fd++)
		close(fd);
}

/* Puts descriptors at 0, 1, 2 ..., whichever numbers they have now. */
static void place_descriptors(const int *fds, int n)
{
	int high[8];

	for (int i = 0; i < n; i++)
		high[i] = fcntl(fds[i], F_DUPFD, 16);
	for (int i = 0; i < n; i++)
		dup2(high[i], i);
}

static void default_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		sigaction(s, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The child of the warden: becomes the program. */
static _Noreturn void become_program(const struct warden *w, pid_t parent)
{
	const int fds[] = {w->null, w->out, w->err, w->failure};
	int why;

	setsid();
#ifdef __linux__
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127); /* it died before the line above */
#else
	(void)parent;
#endif
	default_signals();
	place_descriptors(fds, 4);
	fcntl(3, F_SETFD, FD_CLOEXEC);
	close_from(4);
	if (!w->dir || !chdir(w->dir))
		execve(w->path, w->argv, w->env);
	why = errno;
	if (write(3, &why, sizeof why) < 0)
		_exit(126);
	_exit(127);
}

static void on_child(int signal_number)
{
	(void)signal_number; /* it is there to interrupt pselect(2) */
}

/* SIGCHLD is blocked but while the guard waits; *waiting is that mask. */
static void guard_signals(sigset_t *waiting)
{
	static const int ignored[] = {
		SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGTSTP};
	struct sigaction action = {.sa_handler = SIG_IGN};
	sigset_t child;

	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		sigaction(ignored[i], &action, NULL);
	action.sa_handler = on_child;
	sigaction(SIGCHLD, &action, NULL);
	sigemptyset(waiting);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_SETMASK, &child, NULL);
}

/*
 * Our children, the program left out; the kernel lists them by number. None
 * where it does not (no /proc): then only the group is known.
 */
static int list_children(const struct guard *guard, pid_t *pids)
{
	char text[4096];
	int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
	int found = 0;
	pid_t pid = 0;
	ssize_t n;

	if (fd < 0)
		return 0;
	while ((n = read(fd, text, sizeof text)) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (text[i] >= '0' && text[i] <= '9') {
				pid = pid * 10 + (text[i] - '0');
				continue;
			}
			if (pid && pid != guard->program &&
				found < CHILDREN_MAX)
				pids[found++] = pid;
			pid = 0;
		}
	}
	close(fd);
	return found;
}

/*
 * Buries the orphans that ended; how many live. The program itself stays
 * unburied until the end, so that nobody else can get its number.
 */
static int bury_orphans(const struct guard *guard)
{
	pid_t pids[CHILDREN_MAX];
	int n = list_children(guard, pids), alive = 0;

	for (int i = 0; i < n; i++)
		if (waitpid(pids[i], NULL, WNOHANG) != pids[i])
			alive++;
	return alive;
}

static void signal_all(const struct guard *guard, int signal_number)
{
	pid_t pids[CHILDREN_MAX];
	int n = list_children(guard, pids);

	kill(-guard->program, signal_number);
	for (int i = 0; i < n; i++)
		kill(pids[i], signal_number);
}

static void report(const struct warden_report *report)
{
	if (write(REPORT, report, sizeof *report) < 0)
		return; /* nobody is there to read it */
}

/* Whether the program has ended; says so once. */
static bool program_ended(struct guard *guard)
{
	siginfo_t info = {0};

	if (guard->reported)
		return true;
	if (waitid(P_PID, (id_t)guard->program, &info,
		    WEXITED | WNOHANG | WNOWAIT) ||
		info.si_pid != guard->program)
		return false;
	guard->reported = true;
	report(&(struct warden_report){
		.kind = WARDEN_ENDED,
		.code = info.si_code,
		.status = info.si_status,
	});
	return true;
}

/* false: no more will come, or not now. */
static bool read_output(struct guard *guard)
{
	struct warden_ring *ring = guard->warden->ring;
	uint64_t written = atomic_load(&ring->written);
	size_t at = (size_t)(written % ring->cap);
	ssize_t n = read(OUTPUT, ring->bytes + at, ring->cap - at);

	if (n > 0)
		atomic_store(&ring->written, written + (uint64_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		guard->output_open = false;
	return n > 0;
}

/* Until something happens: an end, output, the lifeline, or the tick. */
static void wait_for_change(struct guard *guard, const sigset_t *waiting)
{
	struct timespec tick = {.tv_nsec = TICK_NS};
	fd_set set;
	char c;

	FD_ZERO(&set);
	if (!guard->stopping)
		FD_SET(LIFELINE, &set);
	if (guard->output_open)
		FD_SET(OUTPUT, &set);
	if (pselect(FREE, &set, NULL, NULL, guard->stopping ? &tick : NULL,
		    waiting) <= 0)
		return;
	if (guard->output_open && FD_ISSET(OUTPUT, &set))
		read_output(guard);
	if (!guard->stopping && FD_ISSET(LIFELINE, &set) &&
		read(LIFELINE, &c, 1) == 0) {
		guard->stopping = true;
		guard->until = now_ns() + guard->warden->grace_ns;
		if (guard->warden->grace_ns > 0)
			signal_all(guard, SIGTERM);
	}
}

/* Once it is to stop: kills what outstays the grace. True at the very end. */
static bool all_gone(struct guard *guard)
{
	bool ended = program_ended(guard);
	int orphans = bury_orphans(guard);
	int64_t now = now_ns();

	if (!guard->stopping)
		return false;
	if (ended && !orphans) {
		/* Where there is no /proc, the group may still have some. */
		kill(-guard->program, SIGKILL);
		return true;
	}
	if (now >= guard->until && guard->killing) {
		report(&(struct warden_report){.kind = WARDEN_STUCK});
		return true;
	}
	if (now >= guard->until) {
		guard->killing = true;
		guard->until = now + STUCK_NS;
	}
	/* Again and again: the orphans of those who die come to us. */
	if (guard->killing)
		signal_all(guard, SIGKILL);
	return false;
}

_Noreturn void tw_warden(const struct warden *warden)
{
	struct guard guard = {
		.warden = warden, .output_open = warden->output >= 0};
	const int fds[] = {warden->lifeline, warden->report,
		guard.output_open ? warden->output : warden->null};
	sigset_t waiting;
	pid_t self;

	setsid();
	self = getpid();
#ifdef __linux__
	
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_NAME, "twinrig-warden");
#endif
	guard_signals(&waiting);
	guard.program = fork();
	if (guard.program == 0)
		become_program(warden, self);
	if (guard.program < 0) {
		int why = errno;

		_exit(write(warden->failure, &why, sizeof why) < 0);
	}
	place_descriptors(fds, FREE);
	close_from(FREE);
	if (chdir("/"))
		_exit(1);
	while (!all_gone(&guard))
		wait_for_change(&guard, &waiting);
	while (guard.output_open && read_output(&guard))
		;
	waitpid(guard.program, NULL, WNOHANG);
	_exit(0);
}
