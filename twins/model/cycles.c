/*
 * Calls that lead back to where they came from would never end. They are
 * found by walking endpoints depth first, without recursion: a person's model
 * may be as deep as it likes.
 */
#include "twins/model/build.h"

enum colour { WHITE, GREY, BLACK };

struct visit {
	uint32_t endpoint;
	size_t next; /* of its callees */
};

struct edge {
	uint32_t step; /* that calls */
	uint32_t target;
};

TW_VEC_TYPE(edges, struct edge);

struct search {
	struct build *b;
	struct edges *callees; /* by endpoint */
	unsigned char *colours;
	TW_VEC(struct visit) path;
};

static void collect_channel(
	struct search *s, uint32_t endpoint, uint32_t step, uint32_t at)
{
	const struct tw_model *model = s->b->model;
	const struct tw_channel *channel = &model->channels[at];

	for (uint32_t v = 0; v < channel->n_variants; v++)
		collect_channel(
			s, endpoint, step, channel->variants[v].channel);
	for (uint32_t m = 0; channel->aside && m < channel->aside->n_mirrors;
		m++)
		collect_channel(
			s, endpoint, step, channel->aside->mirrors[m].channel);
	for (uint32_t t = 0; t < channel->n_targets; t++)
		if (channel->targets[t].endpoint != TW_NONE)
			tw_vec_push(&s->callees[endpoint],
				((struct edge){
					step, channel->targets[t].endpoint}));
}

static void collect_steps(struct search *s, uint32_t endpoint, uint32_t step)
{
	const struct tw_model *model = s->b->model;

	for (; step != TW_NONE; step = model->steps[step].next) {
		const struct tw_step *it = &model->steps[step];

		if (it->kind == TW_STEP_CALL)
			collect_channel(s, endpoint, step, it->channel);
		for (uint32_t i = 0; i < it->n_branches; i++)
			collect_steps(
				s, endpoint, model->branches[it->first + i]);
	}
}

static void report(struct search *s, uint32_t step, uint32_t target)
{
	const struct tw_model *model = s->b->model;
	struct tw_buf text = {0};
	size_t from = 0;
	const struct tw_endpoint *end = &model->endpoints[target];

	while (s->path.v[from].endpoint != target)
		from++;
	for (size_t i = from; i < s->path.n; i++) {
		const struct tw_endpoint *at =
			&model->endpoints[s->path.v[i].endpoint];

		tw_buf_printf(&text, "%s %s -> ",
			model->services[at->service].key, at->name);
	}
	tw_buf_printf(
		&text, "%s %s", model->services[end->service].key, end->name);
	tw_diag(s->b->diags, TW_ERROR, build_pos(model->steps[step].origin),
		"calls in a circle: %s", tw_buf_text(&text))
		->rule = "call-cycle";
	tw_buf_release(&text);
}

static void enter(struct search *s, uint32_t endpoint)
{
	s->colours[endpoint] = GREY;
	tw_vec_push(&s->path, ((struct visit){endpoint, 0}));
}

static void follow(struct search *s, struct edge edge)
{
	if (s->colours[edge.target] == GREY)
		report(s, edge.step, edge.target);
	else if (s->colours[edge.target] == WHITE)
		enter(s, edge.target);
}

static void search_from(struct search *s, uint32_t endpoint)
{
	enter(s, endpoint);
	while (s->path.n) {
		struct visit *top = &s->path.v[s->path.n - 1];
		const struct edges *out = &s->callees[top->endpoint];

		if (top->next < out->n) {
			follow(s, out->v[top->next++]);
			continue;
		}
		s->colours[top->endpoint] = BLACK;
		s->path.n--;
	}
}

void build_check_cycles(struct build *b)
{
	const struct tw_model *model = b->model;
	struct search s = {.b = b};

	s.callees = tw_calloc(model->n_endpoints + 1, sizeof *s.callees);
	s.colours = tw_calloc(model->n_endpoints + 1, 1);
	for (uint32_t p = 0; p < model->n_programs; p++)
		collect_steps(&s, model->programs[p].endpoint,
			model->programs[p].step);
	for (uint32_t e = 0; e < model->n_endpoints; e++)
		if (s.colours[e] == WHITE)
			search_from(&s, e);
	for (uint32_t e = 0; e < model->n_endpoints; e++)
		tw_vec_release(&s.callees[e]);
	tw_vec_release(&s.path);
	tw_free(s.callees);
	tw_free(s.colours);
}
