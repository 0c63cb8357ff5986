/*
 * The edges of the twin while a run plays:
 *
 *	arrivals of the capture   --offer-->  twin  --begin-->  candidate
 *	candidate's answer        --complete-->  twin
 *	candidate's call          --offer-->  twin  --done-->  answer to it
 *
 * The twin must not be called from its own callbacks, so these only note what
 * happened (notes) and tw_live_act() does it afterwards. An arrival's `user` is
 * its request; that of a candidate's call has TW_LIVE_CALL set.
 */
#include "harness/live/run.h"

struct tw_http_headers tw_live_headers(
	const struct twinrig_header *from, size_t n)
{
	struct tw_http_headers to = {0};

	for (size_t i = 0; i < n; i++)
		tw_vec_push(&to,
			(struct tw_http_header){tw_plugin_text(from[i].name),
				tw_plugin_text(from[i].value)});
	return to;
}

void tw_live_late(struct tw_live_run *run, tw_time due)
{
	tw_time late = tw_live_loop_now(&run->loop) - due;

	tw_histogram_record(&run->result->lateness, late > 0 ? late : 0);
}

/* ---- what the twin tells --------------------------------------------- */

static void on_begin(void *context, const struct tw_begin *begin)
{
	struct tw_live_run *run = context;
	struct tw_live_note note = {.kind = TW_NOTE_BEGIN, .begin = *begin};

	tw_vec_push(&run->notes, note);
}

static void on_cancel(void *context, uint64_t handle)
{
	struct tw_live_run *run = context;
	struct tw_live_note note = {.kind = TW_NOTE_CANCEL, .handle = handle};

	tw_vec_push(&run->notes, note);
}

static void on_done(void *context, const struct tw_outcome *outcome)
{
	struct tw_live_run *run = context;
	struct tw_live_note note = {.kind = TW_NOTE_DONE, .outcome = *outcome};

	tw_vec_push(&run->notes, note);
}

/* ---- requests to the candidate --------------------------------------- */

static void check_silence(struct tw_live_run *run)
{
	tw_time now = tw_live_loop_now(&run->loop);

	if (run->silent_since == TW_NEVER ||
		now - run->silent_since < run->deadline)
		return;
	run->end = TW_LIVE_HUNG;
	tw_live_loop_stop(&run->loop);
}

/* The request that a try stands for: its root's, or, where a simulated caller
 * asks, the next recorded one for the same endpoint. */
static size_t request_of(struct tw_live_run *run, const struct tw_begin *begin)
{
	const struct tw_live_traffic *traffic = run->options->traffic;
	size_t n = traffic->requests.n;

	if (begin->position < n &&
		traffic->requests.v[begin->position].endpoint ==
			begin->endpoint)
		return begin->position;
	for (size_t i = 0; i < n; i++) {
		size_t k = (run->stand_in + i) % n;

		if (traffic->requests.v[k].endpoint == begin->endpoint) {
			run->stand_in = k + 1;
			return k;
		}
	}
	return n;
}

static size_t free_try(struct tw_live_run *run)
{
	for (size_t i = 0; i < run->tries.n; i++)
		if (!run->tries.v[i].used)
			return i;
	tw_vec_push(&run->tries, (struct tw_live_try){0});
	return run->tries.n - 1;
}

static void compare(struct tw_live_run *run, size_t request,
	const struct tw_live_response *response)
{
	const struct tw_live_exchange *e =
		&run->options->traffic->requests.v[request];
	struct tw_diff_answer expected = {
		.status = e->exchange.status,
		.headers = tw_live_headers(e->exchange.response_headers,
			e->exchange.n_response_headers),
		.body = tw_plugin_text(e->exchange.response_body),
		.body_size = e->exchange.response_body.n,
	};
	struct tw_diff_answer actual = {
		.status = response->status,
		.headers = response->headers,
		.body = response->body,
		.body_size = response->body_size,
		.body_hash = response->body_hash,
	};

	if (response->failure != TW_LIVE_ANSWERED) {
		actual.body =
			tw_str_of(tw_live_failure_name(response->failure));
		actual.body_size = actual.body.n;
	}
	/* Later passes find what the first one left behind. */
	if (e->at >= run->options->warmup && !e->pass &&
		e->exchange.has_response && e->exchange.status)
		tw_diff_compare(&run->result->diff,
			run->model->endpoints[e->endpoint].name, e->position,
			&expected, &actual);
	tw_vec_release(&expected.headers);
}

/* Sends a try to the candidate's socket. */
static void send_try(struct tw_live_run *run, size_t at)
{
	const struct tw_live_try *try = &run->tries.v[at];
	const struct twinrig_exchange *e =
		&run->options->traffic->requests.v[try->request].exchange;
	struct tw_http_headers headers =
		tw_live_headers(e->headers, e->n_headers);
	struct tw_live_send send = {
		.method = tw_plugin_text(e->method),
		.target = tw_plugin_text(e->target),
		.host = tw_plugin_text(e->host),
		.headers = &headers,
		.body = tw_plugin_text(e->body),
		.port = run->port,
		.deadline = run->deadline,
	};

	if (run->silent_since == TW_NEVER)
		run->silent_since = tw_live_loop_now(&run->loop);
	run->result->sent++;
	run->tries.v[at].transfer = tw_live_send(run->client, &send, at);
	tw_vec_release(&headers);
}

/* Those whose time has come and whose caller still waits. */
static void release_held(struct tw_live_run *run, tw_time at)
{
	while (run->released < run->held.n &&
		run->held.v[run->released].due <= at) {
		struct tw_live_held held = run->held.v[run->released++];
		const struct tw_live_try *try = &run->tries.v[held.try];

		if (!try->used || try->handle != held.handle)
			continue;
		tw_live_late(run, held.due);
		send_try(run, held.try);
	}
}

/* An answer that the candidate never gave (worse.h). */
static void refuse(
	struct tw_live_run *run, const struct tw_begin *what, size_t request)
{
	struct tw_live_response response = {.status = 503};

	run->result->worsened++;
	compare(run, request, &response);
	tw_twin_complete(run->twin, tw_twin_now(run->twin), what->handle, 503);
}

static void begin(struct tw_live_run *run, const struct tw_begin *what)
{
	const struct tw_live_options *options = run->options;
	const struct tw_live_worse *worse = options->worse;
	size_t at = free_try(run), n = request_of(run, what);

	/* A simulated caller asks for what nobody recorded: not answerable. */
	if (n == options->traffic->requests.n) {
		tw_twin_complete(
			run->twin, tw_twin_now(run->twin), what->handle, 501);
		return;
	}
	if (worse && tw_live_worse_hits(worse->errors, options->seed,
			     options->replication, what->key)) {
		refuse(run, what, n);
		return;
	}
	tw_live_late(run, tw_twin_now(run->twin));
	run->tries.v[at] = (struct tw_live_try){
		.handle = what->handle, .request = n, .used = true};
	if (worse && worse->wait) {
		run->result->worsened++;
		tw_vec_push(&run->held,
			((struct tw_live_held){
				tw_twin_now(run->twin) + worse->wait,
				what->handle, at}));
	} else {
		send_try(run, at);
	}
}

static void cancel(struct tw_live_run *run, uint64_t handle)
{
	for (size_t i = 0; i < run->tries.n; i++) {
		struct tw_live_try *try = &run->tries.v[i];

		if (!try->used || try->handle != handle)
			continue;
		if (try->transfer)
			tw_live_cancel(try->transfer);
		try->used = false;
		run->result->given_up++;
		check_silence(run);
		return;
	}
}

static int status_of(const struct tw_live_response *response)
{
	switch (response->failure) {
	case TW_LIVE_ANSWERED:
		return response->status;
	case TW_LIVE_TIMEOUT:
		return 504;
	case TW_LIVE_REFUSED:
		return 503;
	default:
		return 502;
	}
}

static void count_answer(
	struct tw_live_run *run, const struct tw_live_response *response)
{
	struct tw_live_result *result = run->result;

	if (response->failure == TW_LIVE_TIMEOUT) {
		result->timeouts++;
		check_silence(run);
		return;
	}
	if (response->failure == TW_LIVE_ANSWERED)
		result->answered++;
	else
		result->failed++;
	run->silent_since = tw_live_client_pending(run->client) > 0
				    ? tw_live_loop_now(&run->loop)
				    : TW_NEVER;
}

static void probed(
	struct tw_live_run *run, const struct tw_live_response *response)
{
	/* The answer to an earlier probe, come in while the run plays. */
	if (run->twin)
		return;
	/* 200 up to 399 is ready (Kubernetes: HTTP probes). */
	if (response->failure == TW_LIVE_ANSWERED && response->status >= 200 &&
		response->status < 400)
		tw_live_loop_stop(&run->loop);
}

void tw_live_on_answer(
	void *context, uint64_t tag, const struct tw_live_response *response)
{
	struct tw_live_run *run = context;
	struct tw_live_try *try;
	uint64_t handle;
	tw_time at;

	if (tag == TW_LIVE_PROBE) {
		probed(run, response);
		return;
	}
	at = tw_live_loop_stamp(&run->loop);
	try = &run->tries.v[tag];
	/* The stamp handled what was due: the twin may have given up. */
	if (!try->used)
		return;
	try->used = false;
	handle = try->handle;
	count_answer(run, response);
	compare(run, try->request, response);
	tw_twin_complete(run->twin, at, handle, status_of(response));
	tw_live_act(run);
}

/* ---- the clock ------------------------------------------------------- */

static void tell_done(struct tw_live_run *run, const struct tw_outcome *outcome)
{
	const struct tw_live_exchange *e;

	if (outcome->user & TW_LIVE_CALL) {
		tw_live_called(run, outcome);
		return;
	}
	e = &run->options->traffic->requests.v[outcome->user];
	run->inner_done += e->caller != TW_NONE;
}

static bool is_over(const struct tw_live_run *run)
{
	return run->next == run->options->traffic->requests.n &&
	       tw_twin_in_flight(run->twin) == 0 &&
	       tw_live_client_pending(run->client) == 0;
}

/* Does what was noted, until nothing is; acting may note more. */
void tw_live_act(struct tw_live_run *run)
{
	if (run->acting)
		return;
	run->acting = true;
	for (size_t i = 0; i < run->notes.n; i++) {
		struct tw_live_note note = run->notes.v[i];

		switch (note.kind) {
		case TW_NOTE_BEGIN:
			begin(run, &note.begin);
			break;
		case TW_NOTE_CANCEL:
			cancel(run, note.handle);
			break;
		case TW_NOTE_DONE:
			tell_done(run, &note.outcome);
			break;
		}
	}
	run->notes.n = 0;
	run->acting = false;
	if (is_over(run))
		tw_live_loop_stop(&run->loop);
}

static tw_time next_instant(void *context)
{
	struct tw_live_run *run = context;
	tw_time next = tw_twin_next(run->twin);

	if (run->next < run->options->traffic->requests.n) {
		tw_time at = run->options->traffic->requests.v[run->next].at;

		if (at < next)
			next = at;
	}
	if (run->released < run->held.n &&
		run->held.v[run->released].due < next)
		next = run->held.v[run->released].due;
	/* A request whose instant passed while others were handled. */
	return next < tw_twin_now(run->twin) ? tw_twin_now(run->twin) : next;
}

static void offer_request(struct tw_live_run *run, tw_time at)
{
	size_t n = run->next++;
	const struct tw_live_exchange *e =
		&run->options->traffic->requests.v[n];
	struct tw_arrival arrival = {
		.at = at,
		.endpoint = e->endpoint,
		.caller = e->caller,
		.key = tw_arrival_key(e->position, e->pass),
		.position = n,
		.user = n,
	};

	run->inner += e->caller != TW_NONE;
	tw_twin_offer(run->twin, &arrival);
}

static void advance(void *context, tw_time at)
{
	struct tw_live_run *run = context;
	const struct tw_live_traffic *traffic = run->options->traffic;

	while (run->next < traffic->requests.n &&
		traffic->requests.v[run->next].at <= at) {
		tw_time due = traffic->requests.v[run->next].at;
		tw_time now = tw_twin_now(run->twin);

		offer_request(run, due > now ? due : now);
		tw_live_act(run);
	}
	release_held(run, at);
	tw_twin_advance(run->twin, at);
	tw_live_act(run);
}

/* ---- a run ----------------------------------------------------------- */

static void take_observation(struct tw_live_run *run)
{
	struct tw_live_result *result = run->result;
	const struct tw_live_traffic *traffic = run->options->traffic;
	size_t n = traffic->requests.n;

	tw_twin_finish(run->twin, traffic->requests.v[n - 1].at + 1,
		&result->observation);
	result->observation.arrivals += run->inner;
	result->observation.completed += run->inner_done;
	result->observed = true;
}

enum tw_live_end tw_live_play(struct tw_live_run *run)
{
	static const struct tw_outside outside = {on_begin, on_cancel};
	const struct tw_live_options *options = run->options;
	struct tw_live_driven driven = {next_instant, advance, run};
	size_t n = options->traffic->requests.n;
	struct tw_options twin = {
		.seed = options->seed,
		.replication = options->replication,
		.slice = options->slice,
		.scenario = options->scenario,
		.warmup = options->warmup,
		.done = on_done,
		.context = run,
	};
	tw_time last = options->traffic->requests.v[n - 1].at;
	bool whole;

	run->twin = tw_twin_new(run->model, &twin);
	tw_twin_set_outside(run->twin, options->service, &outside, run);
	run->silent_since = TW_NEVER;
	run->end = TW_LIVE_PLAYED;
	tw_live_loop_start(&run->loop, &driven, 20 * TW_MS);
	whole = tw_live_loop_run(&run->loop, last + 2 * run->deadline);
	run->result->elapsed = tw_live_loop_now(&run->loop);
	if (run->has_exited)
		run->end = TW_LIVE_CRASHED;
	else if (!whole)
		tw_live_log(run, "some requests were never answered");
	tw_twin_stop(run->twin, tw_live_loop_stamp(&run->loop));
	tw_live_loop_halt(&run->loop);
	tw_live_act(run);
	take_observation(run);
	return run->end;
}
