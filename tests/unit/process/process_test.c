#include "harness/process/process.h"

#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Steps of 10 ms that a wait takes at most. */
enum { PATIENCE = 2000 };

static void nap(void)
{
	poll(NULL, 0, 10);
}

/* Runs `sh -c script`. */
static int run(const char *script, struct tw_process_options options,
	struct tw_buf *out, struct tw_buf *err, struct tw_process_exit *exit,
	struct tw_error *error)
{
	const char *const argv[] = {"sh", "-c", script, NULL};

	options.argv = argv;
	return tw_process_run(&options, out, err, exit, error);
}

static struct tw_process *start(
	const char *script, struct tw_process_options options)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	struct tw_error error = {0};
	struct tw_process *process;

	options.argv = argv;
	process = tw_process_start(&options, &error);
	ck_assert_msg(process != NULL, "%s", error.message);
	return process;
}

/* A zombie that nobody has buried yet is gone too. */
static bool alive(int pid)
{
	char path[64], text[256] = "";
	FILE *file;
	const char *state;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file)
		return false;
	if (!fgets(text, sizeof text, file))
		text[0] = '\0';
	fclose(file);
	state = strrchr(text, ')');
	return state && state[2] != 'Z' && state[2] != 'X';
}

static bool dies(int pid)
{
	for (int i = 0; i < PATIENCE && alive(pid); i++)
		nap();
	return !alive(pid);
}

/* The next `n` numbers that the program writes. */
static void read_pids(const struct tw_process *process, int *pids, int n)
{
	struct tw_buf out = {0};

	for (int i = 0; i < PATIENCE; i++) {
		const char *at;
		char *end;
		int found = 0;

		tw_buf_clear(&out);
		tw_process_output(process, &out);
		at = tw_buf_text(&out);
		while (found < n && strchr(at, '\n')) {
			pids[found++] = (int)strtol(at, &end, 10);
			at = strchr(at, '\n') + 1;
		}
		if (found == n)
			break;
		ck_assert_int_lt(i, PATIENCE - 1);
		nap();
	}
	tw_buf_release(&out);
}

START_TEST(runs_a_command)
{
	struct tw_buf out = {0}, err = {0}, text = {0};
	struct tw_process_exit exit;
	struct tw_error error = {0};
	const char *const env[] = {"PATH=/usr/bin:/bin", "WORD=a b", NULL};
	struct tw_process_options options = {.env = env, .dir = "/"};

	ck_assert_int_eq(run("echo \"$WORD\"; pwd; echo no >&2; cat; exit 3",
				 options, &out, &err, &exit, &error),
		0);
	ck_assert_str_eq(tw_buf_text(&out), "a b\n/\n");
	ck_assert_str_eq(tw_buf_text(&err), "no\n");
	ck_assert_int_eq(exit.status, 3);
	ck_assert_int_eq(exit.signal, 0);
	ck_assert_int_eq(
		run("kill -SEGV $$", options, &out, &err, &exit, &error), 0);
	ck_assert_int_eq(exit.signal, SIGSEGV);
	tw_process_exit_text(exit, &text);
	ck_assert_str_eq(tw_buf_text(&text), "was killed by SIGSEGV");
	tw_buf_release(&text);
	tw_buf_release(&out);
	tw_buf_release(&err);
}
END_TEST

START_TEST(reads_both_streams_at_once)
{
	struct tw_buf out = {0}, err = {0};
	struct tw_process_exit exit;
	struct tw_error error = {0};

	ck_assert_int_eq(run("for i in 1 2 3 4 5 6 7 8; do head -c 100000 "
			     "/dev/zero; head -c 100000 /dev/zero >&2; done",
				 (struct tw_process_options){0}, &out, &err,
				 &exit, &error),
		0);
	ck_assert_uint_eq(out.n, 800000);
	ck_assert_uint_eq(err.n, 800000);
	tw_buf_release(&out);
	tw_buf_release(&err);
}
END_TEST

START_TEST(says_why_a_command_did_not_run)
{
	struct tw_buf out = {0}, err = {0};
	struct tw_process_exit exit;
	struct tw_error error = {0};
	const char *const none[] = {"no-such-program-here", NULL};
	const char *const path[] = {"/dev/null", NULL};
	const char *const sh[] = {"sh", "-c", "true", NULL};

	ck_assert_int_eq(
		tw_process_run(&(struct tw_process_options){.argv = none}, &out,
			&err, &exit, &error),
		-1);
	ck_assert_int_eq(error.code, TW_E_RUN);
	ck_assert_ptr_nonnull(strstr(error.message, "no such program"));
	ck_assert_ptr_null(tw_process_start(
		&(struct tw_process_options){.argv = path}, &error));
	ck_assert_ptr_nonnull(strstr(error.message, "Permission denied"));
	ck_assert_ptr_null(tw_process_start(
		&(struct tw_process_options){.argv = sh, .dir = "/nowhere"},
		&error));
	ck_assert_ptr_nonnull(strstr(error.message, "in /nowhere: No such"));
}
END_TEST

START_TEST(ends_a_command_at_its_limits)
{
	struct tw_buf out = {0}, err = {0};
	struct tw_process_exit exit;
	struct tw_error error = {0};
	int pid;

	ck_assert_int_eq(
		run("trap '' TERM; sleep 1000 & echo $!; wait",
			(struct tw_process_options){.deadline = 200 * TW_MS},
			&out, &err, &exit, &error),
		-1);
	ck_assert_ptr_nonnull(strstr(error.message, "longer than 200ms"));
	pid = (int)strtol(tw_buf_text(&out), NULL, 10);
	ck_assert_int_gt(pid, 1);
	ck_assert(dies(pid));
	tw_buf_clear(&out);
	ck_assert_int_eq(
		run("yes", (struct tw_process_options){.output_max = 1000},
			&out, &err, &exit, &error),
		-1);
	ck_assert_ptr_nonnull(strstr(error.message, "more than the limit"));
	ck_assert_uint_eq(out.n, 1000);
	tw_buf_release(&out);
	tw_buf_release(&err);
}
END_TEST

START_TEST(stops_what_a_command_left_behind)
{
	struct tw_buf out = {0}, err = {0};
	struct tw_process_exit exit;
	struct tw_error error = {0};
	int pid;

	ck_assert_int_eq(run("setsid sleep 1000 & echo $!",
				 (struct tw_process_options){0}, &out, &err,
				 &exit, &error),
		0);
	pid = (int)strtol(tw_buf_text(&out), NULL, 10);
	ck_assert_int_gt(pid, 1);
	ck_assert(dies(pid));
	tw_buf_release(&out);
	tw_buf_release(&err);
}
END_TEST

START_TEST(tells_when_a_program_ends)
{
	struct tw_process_exit exit;
	struct tw_error error = {0};
	struct tw_buf out = {0};
	struct tw_process *process = start("echo hello; echo you >&2; exit 7",
		(struct tw_process_options){0});
	struct pollfd fd = {.fd = tw_process_fd(process), .events = POLLIN};

	ck_assert_int_eq(poll(&fd, 1, 20000), 1);
	ck_assert(tw_process_ended(process, &exit));
	ck_assert_int_eq(exit.status, 7);
	ck_assert_int_eq(tw_process_stop(process, &exit, &error), 0);
	ck_assert_int_eq(exit.status, 7);
	tw_process_output(process, &out);
	ck_assert_str_eq(tw_buf_text(&out), "hello\nyou\n");
	tw_buf_release(&out);
	tw_process_free(process);
}
END_TEST

START_TEST(stops_politely_first)
{
	struct tw_process_exit exit;
	struct tw_error error = {0};
	struct tw_buf out = {0};
	int pid;
	struct tw_process *process =
		start("trap 'echo bye; exit 5' TERM; echo $$; while :; do "
		      "sleep 0.01; done",
			(struct tw_process_options){.grace = 20 * TW_S});

	read_pids(process, &pid, 1);
	ck_assert(!tw_process_ended(process, &exit));
	ck_assert_int_eq(tw_process_stop(process, &exit, &error), 0);
	ck_assert_int_eq(exit.status, 5);
	ck_assert_int_eq(exit.signal, 0);
	tw_process_output(process, &out);
	ck_assert_ptr_nonnull(strstr(tw_buf_text(&out), "bye"));
	ck_assert(!alive(pid));
	/* Again: the same. */
	exit.status = 0;
	ck_assert_int_eq(tw_process_stop(process, &exit, &error), 0);
	ck_assert_int_eq(exit.status, 5);
	tw_buf_release(&out);
	tw_process_free(process);
}
END_TEST

/* Grandchildren: in the group, in a session of its own, and orphaned. */
static const char family[] =
	"trap '' TERM; echo $$; sleep 1000 & echo $!; "
	"setsid sleep 1000 & echo $!; "
	"sh -c 'trap \"\" TERM; setsid sh -c \"sleep 1000\" & echo $!'; "
	"wait";

START_TEST(kills_the_whole_family)
{
	struct tw_process_exit exit;
	struct tw_error error = {0};
	struct tw_process *process = start(
		family, (struct tw_process_options){.grace = 100 * TW_MS});
	int pids[4];

	read_pids(process, pids, 4);
	for (int i = 0; i < 4; i++)
		ck_assert(alive(pids[i]));
	ck_assert_int_eq(tw_process_stop(process, &exit, &error), 0);
	ck_assert_int_eq(exit.signal, SIGKILL);
	for (int i = 0; i < 4; i++)
		ck_assert(!alive(pids[i]));
	tw_process_free(process);
}
END_TEST

/* A process like twinrig starts the family, says who is who, and is killed. */
static void start_and_tell(int to)
{
	struct tw_process *process = start(
		family, (struct tw_process_options){.grace = 100 * TW_MS});
	int pids[4];

	read_pids(process, pids, 4);
	if (write(to, pids, sizeof pids) != sizeof pids)
		_exit(1);
	for (;;)
		pause();
}

START_TEST(leaves_nothing_when_twinrig_is_killed)
{
	int pipes[2], pids[4];
	pid_t twinrig;

	ck_assert_int_eq(pipe(pipes), 0);
	twinrig = fork();
	if (twinrig == 0)
		start_and_tell(pipes[1]);
	ck_assert_int_eq(read(pipes[0], pids, sizeof pids), sizeof pids);
	for (int i = 0; i < 4; i++)
		ck_assert(alive(pids[i]));
	ck_assert_int_eq(kill(twinrig, SIGKILL), 0);
	ck_assert_int_eq(waitpid(twinrig, NULL, 0), twinrig);
	for (int i = 0; i < 4; i++)
		ck_assert_msg(dies(pids[i]), "%d lives on", i);
	close(pipes[0]);
	close(pipes[1]);
}
END_TEST

START_TEST(keeps_the_end_of_long_output)
{
	struct tw_process_exit exit;
	struct tw_error error = {0};
	struct tw_buf out = {0};
	struct tw_process *process = start("seq 100000; exec sleep 1000",
		(struct tw_process_options){.output_max = 4096});

	/* It is not held up, though nobody reads. */
	for (int i = 0; i < PATIENCE; i++) {
		tw_buf_clear(&out);
		tw_process_output(process, &out);
		if (strstr(tw_buf_text(&out), "100000\n"))
			break;
		nap();
	}
	tw_process_stop(process, &exit, &error);
	tw_buf_clear(&out);
	tw_process_output(process, &out);
	ck_assert_uint_le(out.n, 4096);
	ck_assert_uint_gt(out.n, 4000);
	ck_assert_str_eq(out.p + out.n - 7, "100000\n");
	ck_assert_int_eq((int)strcspn(out.p, "\n"), 5);
	tw_buf_release(&out);
	tw_process_free(process);
}
END_TEST

START_TEST(inherits_nothing)
{
	struct tw_process_exit exit;
	struct tw_buf out = {0}, err = {0};
	struct tw_error error = {0};
	int fd = fcntl(0, F_DUPFD, 200);

	ck_assert_int_eq(fd, 200);
	signal(SIGPIPE, SIG_IGN);
	/* The lower seven digits: not the signals that libc keeps to itself. */
	ck_assert_int_eq(
		run("[ -e /proc/$$/fd/1 ] && [ ! -e /proc/$$/fd/200 ] && grep "
		    "-E '^Sig(Blk|Ign)' /proc/$$/status | sed "
		    "'s/.*\\(.......\\)$/\\1/' | tr '\\n' ' '",
			(struct tw_process_options){0}, &out, &err, &exit,
			&error),
		0);
	ck_assert_str_eq(tw_buf_text(&out), "0000000 0000000 ");
	close(fd);
	tw_buf_release(&out);
	tw_buf_release(&err);
}
END_TEST

/* Neither the program nor its warden keeps a port of ours. */
START_TEST(holds_no_port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof at;
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int client = socket(AF_INET, SOCK_STREAM, 0);
	struct tw_process *process;

	ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, n), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&at, &n), 0);
	process = start("exec sleep 1000", (struct tw_process_options){0});
	close(listener);
	/* The warden closes its copies soon after the program runs. */
	for (int i = 0; i < PATIENCE; i++) {
		int rc = connect(client, (struct sockaddr *)&at, n);

		close(client);
		client = socket(AF_INET, SOCK_STREAM, 0);
		if (rc)
			break;
		ck_assert_int_lt(i, PATIENCE - 1);
		nap();
	}
	close(client);
	tw_process_free(process);
}
END_TEST

TW_TESTS("process/process", runs_a_command, reads_both_streams_at_once,
	says_why_a_command_did_not_run, ends_a_command_at_its_limits,
	stops_what_a_command_left_behind, tells_when_a_program_ends,
	stops_politely_first, kills_the_whole_family,
	leaves_nothing_when_twinrig_is_killed, keeps_the_end_of_long_output,
	inherits_nothing, holds_no_port)
