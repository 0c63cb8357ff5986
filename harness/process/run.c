#include "harness/process/process.h"

#include "harness/process/warden.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_DEADLINE (60 * TW_S)
#define DEFAULT_STREAM	 ((size_t)64 << 20)

static tw_time monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * TW_S + now.tv_nsec;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* One of the two streams of tw_process_run(). */
struct stream {
	int fd;
	struct tw_buf *to;
	size_t left;
};

/* false where it wrote more than it may. */
static bool drain(struct stream *stream)
{
	char chunk[65536];
	ssize_t n;

	while ((n = read(stream->fd, chunk, sizeof chunk)) > 0) {
		size_t take =
			(size_t)n < stream->left ? (size_t)n : stream->left;

		tw_buf_add(stream->to, chunk, take);
		stream->left -= take;
		if (take < (size_t)n)
			return false;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		close_fd(&stream->fd);
	return true;
}

static int fail_deadline(
	const char *name, tw_time deadline, struct tw_error *error)
{
	char text[TW_TIME_TEXT];

	return tw_fail(error, TW_E_RUN,
		"'%s' took longer than %s and was stopped", name,
		tw_time_text(deadline, text));
}

/* Until the program has ended, or may not go on. */
static int watch(struct tw_process *process, struct stream streams[2],
	const struct tw_process_options *options, struct tw_error *error)
{
	tw_time span = options->deadline ? options->deadline : DEFAULT_DEADLINE;
	tw_time until = monotonic() + span;
	struct tw_process_exit exit;

	while (!tw_process_ended(process, &exit)) {
		struct pollfd fds[3] = {
			{.fd = tw_process_fd(process), .events = POLLIN},
			{.fd = streams[0].fd, .events = POLLIN},
			{.fd = streams[1].fd, .events = POLLIN},
		};
		tw_time left = until - monotonic();

		if (left <= 0)
			return fail_deadline(options->argv[0], span, error);
		if (left > TW_S)
			left = TW_S;
		poll(fds, 3, (int)(left / TW_MS) + 1);
		for (int i = 0; i < 2; i++)
			if (streams[i].fd >= 0 && !drain(&streams[i]))
				return tw_fail(error, TW_E_RUN,
					"'%s' wrote more than the limit and "
					"was "
					"stopped",
					options->argv[0]);
		/* A warden that was killed reports nothing more. */
		if ((fds[0].revents & POLLHUP) && !(fds[0].revents & POLLIN))
			break;
	}
	return 0;
}

int tw_process_run(const struct tw_process_options *options, struct tw_buf *out,
	struct tw_buf *err, struct tw_process_exit *exit,
	struct tw_error *error)
{
	struct tw_process_options own = *options;
	size_t max = options->output_max ? options->output_max : DEFAULT_STREAM;
	int pipes[2][2] = {{-1, -1}, {-1, -1}};
	struct stream streams[2];
	struct tw_process *process = NULL;
	struct tw_error later;
	int rc = -1;

	own.grace = -1; /* what outlives the command gets none */
	if (pipe2(pipes[0], O_CLOEXEC) || pipe2(pipes[1], O_CLOEXEC)) {
		tw_fail(error, TW_E_RUN, "'%s': %s", options->argv[0],
			strerror(errno));
		goto out;
	}
	process = tw_process_start_to(&own, pipes[0][1], pipes[1][1], error);
	if (!process)
		goto out;
	for (int i = 0; i < 2; i++) {
		fcntl(pipes[i][0], F_SETFL, O_NONBLOCK);
		streams[i] = (struct stream){pipes[i][0], i ? err : out, max};
		close_fd(&pipes[i][1]);
		pipes[i][0] = -1;
	}
	rc = watch(process, streams, options, error);
	if (tw_process_stop(process, exit, rc ? &later : error))
		rc = -1;
	for (int i = 0; i < 2; i++) {
		if (!rc && streams[i].fd >= 0 && !drain(&streams[i]))
			rc = tw_fail(error, TW_E_RUN,
				"'%s' wrote more than the limit",
				options->argv[0]);
		close_fd(&streams[i].fd);
	}
out:
	for (int i = 0; i < 2; i++) {
		close_fd(&pipes[i][0]);
		close_fd(&pipes[i][1]);
	}
	tw_process_free(process);
	return rc;
}
