#include "harness/live/run.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY_MAX   ((size_t)4 << 20)  /* of an answer that is compared */
#define OUTPUT_MAX ((size_t)16 << 10) /* of the candidate's, in a finding */
#define DEADLINE   (10 * TW_S)
#define LATE	   (10 * TW_MS)

const char *tw_live_end_name(enum tw_live_end end)
{
	static const char *const names[] = {
		[TW_LIVE_PLAYED] = "played",
		[TW_LIVE_NOT_STARTED] = "not started",
		[TW_LIVE_EXITED] = "exited before it was ready",
		[TW_LIVE_NEVER_READY] = "never ready",
		[TW_LIVE_CRASHED] = "crashed",
		[TW_LIVE_HUNG] = "hung",
	};

	return names[end];
}

void tw_live_log(struct tw_live_run *run, const char *format, ...)
{
	char line[512];
	va_list args;

	if (!run->options->log)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	run->options->log(run->options->context, line);
}

/* ---- what it needs --------------------------------------------------- */

static void find_dependencies(struct tw_live_run *run)
{
	const struct tw_model *model = run->model;
	const struct tw_live_traffic *traffic = run->options->traffic;

	tw_live_find_dependencies(
		model->spec, run->service, &run->dependencies);
	for (uint32_t i = 0; i < model->n_channels; i++) {
		const struct tw_channel *c = &model->channels[i];
		uint32_t to = model->endpoints[c->endpoint].service;

		if (c->caller == run->options->service)
			tw_live_depend(&run->dependencies,
				model->services[to].spec, 0);
	}
	for (size_t i = 0; i < traffic->answers.n; i++)
		tw_live_depend(&run->dependencies,
			model->services[traffic->answers.v[i].service].spec, 0);
}

static int open_listeners(struct tw_live_run *run, struct tw_error *error)
{
	find_dependencies(run);
	for (size_t i = 0; i < run->dependencies.n; i++) {
		struct tw_live_dependency *d = &run->dependencies.v[i];

		if (tw_live_server_listen(run->server, &d->listener, error))
			return -1;
		tw_live_log(run, "%s:%lld is 127.0.0.1:%u", d->service->key,
			(long long)d->port, d->listener);
	}
	return 0;
}

/* A port that is free now, or the given one if it is. Between this and the
 * candidate's own bind somebody may take it: then it is not started. */
static int choose_port(uint16_t wanted, uint16_t *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_port = htons(wanted),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1, failed = fd < 0;

	/* As servers do: a port whose last connections are ending is free. */
	failed = failed ||
		 setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	failed = failed || bind(fd, (struct sockaddr *)&at, sizeof at) ||
		 getsockname(fd, (struct sockaddr *)&at, &size);
	*port = ntohs(at.sin_port);
	if (fd >= 0)
		close(fd);
	return failed ? -1 : 0;
}

/* ---- the process ----------------------------------------------------- */

static void on_exited(uv_poll_t *poll, int status, int events)
{
	struct tw_live_run *run = poll->data;
	struct tw_process_exit how;

	(void)status;
	(void)events;
	if (!tw_process_ended(run->process, &how))
		return;
	uv_poll_stop(poll);
	run->has_exited = true;
	tw_live_loop_stop(&run->loop);
}

static int start_process(struct tw_live_run *run, struct tw_error *error)
{
	const struct tw_live_options *options = run->options;
	struct tw_live_environment environment;
	TW_VEC(const char *) argv = {0};
	struct tw_process_options process = {
		.dir = options->dir, .output_max = OUTPUT_MAX};

	tw_live_environment_init(&environment, run->model->spec, run->service,
		&run->dependencies, run->port, options->env);
	for (size_t i = 0; options->argv[i]; i++)
		tw_vec_push(&argv, tw_live_fill_port(&environment.arena,
					   options->argv[i], run->port));
	tw_vec_push(&argv, NULL);
	process.argv = argv.v;
	process.env = environment.v.v;
	for (size_t i = 0; i < environment.unknown.n; i++)
		tw_vec_push(&run->result->unknown_env,
			tw_arena_strdup(
				&run->result->arena, environment.unknown.v[i]));
	run->process = tw_process_start(&process, error);
	tw_vec_release(&argv);
	tw_live_environment_release(&environment);
	if (!run->process)
		return -1;
	uv_poll_init(&run->loop.uv, &run->exited, tw_process_fd(run->process));
	run->exited.data = run;
	uv_poll_start(&run->exited, UV_READABLE, on_exited);
	return 0;
}

/* ---- the end --------------------------------------------------------- */

/* One sentence about a candidate that did not play to the end. */
static void explain(struct tw_live_run *run, struct tw_process_exit how)
{
	struct tw_live_result *result = run->result;
	const struct tw_live_options *options = run->options;
	struct tw_buf text = {0};
	char after[TW_TIME_TEXT];

	switch (result->end) {
	case TW_LIVE_EXITED:
		tw_buf_add_text(&text, "it ");
		tw_process_exit_text(how, &text);
		tw_buf_add_text(&text, " before it was ready");
		break;
	case TW_LIVE_NEVER_READY:
		tw_buf_printf(&text, "it was not ready after %s",
			tw_time_text(
				options->ready ? options->ready : 30 * TW_S,
				after));
		break;
	case TW_LIVE_CRASHED:
		tw_buf_add_text(&text, "it ");
		tw_process_exit_text(how, &text);
		tw_buf_printf(&text, " after %llu requests",
			(unsigned long long)result->sent);
		break;
	case TW_LIVE_HUNG:
		tw_buf_printf(&text,
			"it answered nothing for %s, after %llu answers",
			tw_time_text(run->deadline, after),
			(unsigned long long)result->answered);
		break;
	default:
		break;
	}
	if (text.n)
		result->why =
			tw_arena_strdup(&result->arena, tw_buf_text(&text));
	tw_buf_release(&text);
}

static int stop_process(struct tw_live_run *run, struct tw_error *error)
{
	struct tw_process_exit how = {0};
	int failed;

	if (!run->process)
		return 0;
	uv_close((uv_handle_t *)&run->exited, NULL);
	uv_run(&run->loop.uv, UV_RUN_NOWAIT);
	failed = tw_process_stop(run->process, &how, error);
	tw_process_output(run->process, &run->result->output);
	explain(run, how);
	tw_process_free(run->process);
	run->process = NULL;
	return failed;
}

static tw_time cpu_time(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * TW_S +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * TW_US;
}

static int not_started(struct tw_live_run *run, const char *why)
{
	run->result->end = TW_LIVE_NOT_STARTED;
	run->result->why = tw_arena_strdup(&run->result->arena, why);
	return 0;
}

/* A finding about the candidate is no error: 0. */
static int play(struct tw_live_run *run, struct tw_error *error)
{
	struct tw_live_result *result = run->result;
	struct tw_error why;
	char after[TW_TIME_TEXT];
	tw_time cpu;

	if (open_listeners(run, error))
		return -1;
	if (choose_port(run->options->port, &run->port)) {
		snprintf(why.message, sizeof why.message, "port %u: %s",
			run->options->port, strerror(errno));
		return not_started(run, why.message);
	}
	if (start_process(run, &why))
		return not_started(run, why.message);
	result->end = tw_live_await(run);
	if (result->end != TW_LIVE_PLAYED)
		return 0;
	tw_live_log(run, "%s is ready after %s", run->service->key,
		tw_time_text(result->ready_after, after));
	cpu = cpu_time();
	result->end = tw_live_play(run);
	result->cpu = cpu_time() - cpu;
	result->late = tw_histogram_quantile(&result->lateness, 0.99) >
		       (run->options->late ? run->options->late : LATE);
	return 0;
}

/* The sockets go before the process: it must not get an answer that it was
 * never to have. Then the loop runs until its last handle is closed. */
static int clean_up(struct tw_live_run *run, struct tw_error *error)
{
	int failed = stop_process(run, error);

	run->result->server = *tw_live_server_counts(run->server);
	tw_live_client_free(run->client);
	tw_live_server_free(run->server);
	tw_live_loop_release(&run->loop);
	tw_twin_free(run->twin);
	tw_answers_release(&run->answers);
	tw_vec_release(&run->dependencies);
	tw_vec_release(&run->tries);
	tw_vec_release(&run->held);
	tw_vec_release(&run->calls);
	tw_vec_release(&run->notes);
	tw_map_release(&run->occurrences);
	tw_map_release(&run->misses);
	return failed;
}

static void result_init(
	struct tw_live_result *result, const struct tw_live_options *options)
{
	memset(result, 0, sizeof *result);
	tw_arena_init(&result->arena);
	tw_diff_init(&result->diff, options->ignore, options->n_ignore);
	result->why = "";
	result->requests = options->traffic->requests.n;
}

int tw_live_run(const struct tw_live_options *options,
	struct tw_live_result *result, struct tw_error *error)
{
	struct tw_live_run run = {
		.options = options,
		.result = result,
		.model = options->model,
		.service = options->model->services[options->service].spec,
		.deadline = options->deadline ? options->deadline : DEADLINE,
	};
	int failed;

	result_init(result, options);
	if (!result->requests)
		return tw_fail(error, TW_E_USAGE,
			"the capture has no request for %s", run.service->key);
	if (tw_live_loop_init(&run.loop, error))
		return -1;
	tw_map_init(&run.occurrences, NULL);
	tw_map_init(&run.misses, NULL);
	tw_answers_init(&run.answers, options->traffic->answers.v,
		options->traffic->answers.n);
	run.server =
		tw_live_server_new(&run.loop.uv, NULL, tw_live_on_call, &run);
	run.client = tw_live_client_new(
		&run.loop.uv, BODY_MAX, tw_live_on_answer, &run);
	failed = play(&run, error);
	failed |= clean_up(&run, error);
	tw_diff_sort(&result->diff);
	return failed ? -1 : 0;
}

void tw_live_result_release(struct tw_live_result *result)
{
	if (result->observed)
		tw_observation_release(&result->observation);
	tw_buf_release(&result->output);
	tw_diff_release(&result->diff);
	tw_vec_release(&result->misses);
	tw_vec_release(&result->unknown_env);
	tw_histogram_release(&result->lateness);
	tw_arena_release(&result->arena);
}
