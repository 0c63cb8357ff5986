/*
 * A candidate's own calls: each goes into the twin, by the channel from the
 * candidate to the dependency whose listener it came to, and when that has its
 * outcome the recorded answer goes back.
 */
#include "harness/live/run.h"

#include "twins/base/hash.h"

#include <inttypes.h>
#include <stdio.h>

/* Statuses and words of our own, where no recorded answer can be given. */
static void reply_with(struct tw_live_request *request, int status,
	const char *format, const char *detail)
{
	struct tw_http_headers headers = {0};
	struct tw_buf body = {0};

	tw_vec_push(&headers, (struct tw_http_header){TW_STR("Content-Type"),
				      TW_STR("application/json")});
	tw_buf_add_text(&body, "{\"error\":\"twinrig: ");
	tw_buf_add_text(&body, format);
	tw_buf_add_text(&body, detail);
	tw_buf_add_text(&body, "\"}");
	if (!format[0]) {
		tw_buf_clear(&body);
		tw_buf_add_text(&body, "{}");
	}
	tw_live_reply(request, status, &headers,
		(struct tw_str){tw_buf_text(&body), body.n});
	tw_buf_release(&body);
	tw_vec_release(&headers);
}

/* The recorded body may have lost its coding on its way into the capture. */
static void drop_lost_coding(
	struct tw_http_headers *headers, struct twinrig_text body)
{
	bool gzip = body.n > 2 && (unsigned char)body.p[0] == 0x1f &&
		    (unsigned char)body.p[1] == 0x8b;

	for (size_t i = 0; i < headers->n && !gzip; i++)
		if (tw_str_equal_nocase(
			    headers->v[i].name, TW_STR("content-encoding")))
			headers->v[i].name = TW_STR("X-Was-Encoded");
}

static void give_answer(const struct tw_live_call *call, int status)
{
	const struct twinrig_exchange *e = call->answer;
	struct tw_http_headers headers;

	if (status == 0) {
		tw_live_reset(call->request);
	} else if (status >= 400) {
		reply_with(call->request, status, "the twin's answer", "");
	} else if (call->kind == TW_ANSWER_MISS) {
		reply_with(call->request, 501,
			"nothing was recorded for this call", "");
	} else if (!e) {
		reply_with(call->request, status, "", "");
	} else {
		headers = tw_live_headers(
			e->response_headers, e->n_response_headers);
		drop_lost_coding(&headers, e->response_body);
		tw_live_reply(call->request, e->status, &headers,
			tw_plugin_text(e->response_body));
		tw_vec_release(&headers);
	}
}

void tw_live_called(struct tw_live_run *run, const struct tw_outcome *outcome)
{
	struct tw_live_call *call =
		&run->calls.v[outcome->user & ~TW_LIVE_CALL];

	tw_live_late(run, outcome->at);
	give_answer(call, outcome->status);
	call->request = NULL;
}

static size_t free_call(struct tw_live_run *run)
{
	for (size_t i = 0; i < run->calls.n; i++)
		if (!run->calls.v[i].request)
			return i;
	tw_vec_push(&run->calls, (struct tw_live_call){0});
	return run->calls.n - 1;
}

static void count_miss(struct tw_live_run *run, const char *service,
	const struct tw_live_request *request)
{
	struct tw_arena *arena = &run->result->arena;
	const char *mark = memchr(request->target.p, '?', request->target.n);
	struct tw_buf key = {0};
	struct tw_live_miss *miss;
	size_t path =
		mark ? (size_t)(mark - request->target.p) : request->target.n;

	tw_buf_printf(&key, "%s %.*s %.*s", service, (int)request->method.n,
		request->method.p, (int)path, request->target.p);
	miss = tw_map_get(&run->misses, tw_buf_text(&key));
	if (!miss) {
		miss = tw_new(arena, struct tw_live_miss);
		miss->service = tw_arena_strdup(arena, service);
		miss->method = tw_arena_strndup(
			arena, request->method.p, request->method.n);
		miss->target = tw_arena_strndup(arena, request->target.p, path);
		tw_map_put(&run->misses, tw_buf_text(&key), miss);
		tw_vec_push(&run->result->misses, miss);
	}
	miss->count++;
	tw_buf_release(&key);
}

/*
 * Which of the candidate's requests a call belongs to is not known, so what
 * it asks for stands in for its parent: the n-th equal call has the same luck
 * in the baseline and in the candidate, whatever else they do.
 */
static uint64_t key_of(struct tw_live_run *run, uint32_t endpoint,
	const struct tw_live_request *request)
{
	uint64_t content = tw_hash_combine(
		tw_hash_bytes(request->target.p, request->target.n),
		tw_hash_bytes(request->body.p, request->body.n));
	char name[48];
	uint32_t *n;

	snprintf(name, sizeof name, "%" PRIu32 " %016" PRIx64, endpoint,
		content);
	n = tw_map_get(&run->occurrences, name);
	if (!n) {
		n = tw_new(&run->result->arena, uint32_t);
		tw_map_put(&run->occurrences, name, n);
	}
	return tw_call_key(run->model, content, endpoint, (*n)++);
}

static void offer_call(struct tw_live_run *run, uint32_t endpoint, uint64_t key,
	const struct tw_live_call *call)
{
	size_t at = free_call(run);
	struct tw_arrival arrival = {
		.at = tw_live_loop_stamp(&run->loop),
		.endpoint = endpoint,
		.caller = run->options->service,
		.key = key,
		.position = UINT64_MAX,
		.user = TW_LIVE_CALL | at,
	};

	run->calls.v[at] = *call;
	tw_twin_offer(run->twin, &arrival);
	tw_live_act(run);
}

/* As if the candidate had not made it. */
static bool is_dropped(const struct tw_live_run *run, const char *service,
	uint64_t key, const struct tw_live_call *call)
{
	const struct tw_live_options *options = run->options;
	const struct tw_live_worse *worse = options->worse;

	return worse && worse->drops > 0 && call->answer &&
	       !strcmp(worse->callee, service) &&
	       tw_live_worse_hits(
		       worse->drops, options->seed, options->replication, key);
}

void tw_live_on_call(void *context, struct tw_live_request *request)
{
	struct tw_live_run *run = context;
	const struct tw_live_dependency *to =
		&run->dependencies.v[request->listener];
	uint32_t service = tw_model_service(run->model, to->service->key);
	uint32_t endpoint = TW_NONE;
	uint64_t key;
	struct tw_live_call call = {.request = request};

	if (service != TW_NONE)
		endpoint = tw_live_traffic_endpoint(run->options->traffic,
			service, request->method, request->target);
	call.answer = tw_answers_find(&run->answers,
		&(struct tw_asked){service, endpoint, request->method,
			request->target, request->body},
		&call.kind);
	run->result->calls++;
	run->result->answers[call.kind]++;
	if (call.kind == TW_ANSWER_MISS)
		count_miss(run, to->service->key, request);
	/* While it starts there is no twin yet: it gets its answer at once. */
	if (!run->twin || endpoint == TW_NONE) {
		run->result->unmodelled += run->twin != NULL;
		give_answer(&call, 200);
		return;
	}
	key = key_of(run, endpoint, request);
	if (is_dropped(run, to->service->key, key, &call)) {
		run->result->worsened++;
		give_answer(&call, 200);
		return;
	}
	offer_call(run, endpoint, key, &call);
}
