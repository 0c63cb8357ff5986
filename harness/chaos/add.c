/* An experiment's pods become names of a model, and its times texts. */
#include "harness/chaos/chaos.h"

#include "twins/base/memory.h"

#include <string.h>

static const char *value_of(const struct tw_labels *labels, const char *key)
{
	for (size_t i = 0; i < labels->n; i++)
		if (!strcmp(labels->v[i].key, key))
			return labels->v[i].value;
	return NULL;
}

/* The value of a pod's label; of a service without a workload, its name. */
static const char *label_of(const struct tw_model *model,
	const struct tw_revision *revision, const char *key)
{
	static const char *const names[] = {
		"app", "name", "app.kubernetes.io/name"};

	if (revision->spec)
		return value_of(&revision->spec->labels, key);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(key, names[i]))
			return model->services[revision->service].name;
	return NULL;
}

static bool label_fits(const struct tw_chaos_label *label, const char *value)
{
	bool fits = label->exists && value;

	for (size_t i = 0; !fits && value && i < label->values.n; i++)
		fits = !strcmp(label->values.v[i], value);
	return fits != label->negated;
}

static bool namespace_fits(
	const struct tw_chaos_pods *pods, const char *namespace)
{
	/* Without any, Chaos Mesh takes the experiment's own; whose manifests
	 * say none either are all in one. */
	for (size_t i = 0; i < pods->namespaces.n; i++)
		if (!strcmp(pods->namespaces.v[i], namespace))
			return true;
	return !pods->namespaces.n &&
	       (!strcmp(pods->namespace_of, namespace) ||
		       !strcmp(pods->namespace_of, "default"));
}

static bool revision_fits(const struct tw_model *model,
	const struct tw_revision *revision, const struct tw_chaos_pods *pods)
{
	const struct tw_spec_service *service =
		model->services[revision->service].spec;

	if (!namespace_fits(pods, revision->spec ? revision->spec->namespace
						 : service->namespace))
		return false;
	for (size_t i = 0; i < pods->labels.n; i++)
		if (!label_fits(&pods->labels.v[i],
			    label_of(model, revision, pods->labels.v[i].key)))
			return false;
	return true;
}

/* A pod's name is the replica's, or begins with its workload's. */
static bool pod_fits(const struct tw_model *model, uint32_t replica,
	const struct tw_chaos_pods *pods)
{
	for (size_t i = 0; i < pods->pods.n; i++)
		if (!strcmp(pods->pods.v[i], model->replicas[replica].name) ||
			!strcmp(pods->pods.v[i], model->replicas[replica].key))
			return true;
	return !pods->pods.n;
}

struct found {
	bool *services; /* that have such a pod */
	bool *replicas;
	bool part; /* a service has others too */
	size_t n;
};

static void find_pods(const struct tw_model *model,
	const struct tw_chaos_pods *pods, struct found *found)
{
	for (uint32_t r = 0; r < model->n_replicas; r++) {
		const struct tw_replica *it = &model->replicas[r];

		found->replicas[r] =
			revision_fits(
				model, &model->revisions[it->revision], pods) &&
			pod_fits(model, r, pods);
		if (!found->replicas[r])
			continue;
		found->services[it->service] = true;
		found->n++;
	}
	for (uint32_t r = 0; r < model->n_replicas; r++)
		found->part |= found->services[model->replicas[r].service] &&
			       !found->replicas[r];
}

/* Names by which a service is looked up. */
static bool dns_fits(const struct tw_spec_service *service, const char *pattern)
{
	struct tw_buf name = {0};
	bool fits = false;

	for (int form = 0; !fits && form < 4; form++) {
		tw_buf_clear(&name);
		tw_buf_add_text(&name, service->name);
		if (form > 0)
			tw_buf_printf(&name, ".%s", service->namespace);
		if (form > 1)
			tw_buf_add_text(&name, ".svc");
		if (form > 2)
			tw_buf_add_text(&name, ".cluster.local");
		fits = tw_glob_match(pattern, tw_buf_text(&name));
	}
	if (!fits && service->external_name.v)
		fits = tw_glob_match(pattern, service->external_name.v);
	tw_buf_release(&name);
	return fits;
}

static void find_names(const struct tw_model *model,
	const struct tw_chaos_pods *pods, struct found *found)
{
	for (uint32_t s = 0; s < model->n_services; s++)
		for (size_t i = 0; i < pods->names.n; i++) {
			const struct tw_service *it = &model->services[s];
			bool fits =
				pods->dns ? dns_fits(it->spec, pods->names.v[i])
					  : tw_model_name_fits(
						    pods->names.v[i], it->key);

			if (fits && !found->services[s])
				found->n++;
			found->services[s] |= fits;
		}
}

static const char *join(struct tw_arena *arena, const struct tw_model *model,
	const struct found *found, bool replicas)
{
	struct tw_buf names = {0};
	const char *copy;
	uint32_t n = replicas ? model->n_replicas : model->n_services;
	const bool *set = replicas ? found->replicas : found->services;

	for (uint32_t i = 0; i < n; i++)
		if (set[i])
			tw_buf_printf(&names, "%s%s", names.n ? "," : "",
				replicas ? model->replicas[i].name
					 : model->services[i].key);
	copy = tw_arena_strdup(arena, tw_buf_text(&names));
	tw_buf_release(&names);
	return copy;
}

/* Several faults of one experiment have the same pods: told once. */
static bool is_told(
	const struct tw_chaos_pods *pods, const struct tw_diags *diags)
{
	for (size_t i = 0; i < diags->list.n; i++) {
		const struct tw_pos *pos = &diags->list.v[i]->pos;

		if (pos->line == pods->pos.line &&
			pos->column == pods->pos.column && pos->file &&
			pods->pos.file && !strcmp(pos->file, pods->pos.file))
			return true;
	}
	return false;
}

static void tell_none(const struct tw_model *model,
	const struct tw_chaos_pods *pods, struct tw_diags *diags)
{
	TW_VEC(const char *) values = {0};
	struct tw_diag *diag;

	if (pods->names.n) {
		diag = tw_diag(diags, TW_ERROR, pods->pos,
			"no service of the twin is called '%s'",
			pods->names.v[0]);
		for (uint32_t s = 0; s < model->n_services; s++)
			tw_vec_push(&values, model->services[s].name);
		tw_diag_nearest(
			diags, diag, pods->names.v[0], values.v, values.n);
		tw_vec_release(&values);
		return;
	}
	diag = tw_diag(diags, TW_ERROR, pods->pos,
		"no pod of the twin fits this selector");
	for (uint32_t r = 0; pods->labels.n && r < model->n_revisions; r++) {
		const char *value = label_of(
			model, &model->revisions[r], pods->labels.v[0].key);

		if (value)
			tw_vec_push(&values, value);
	}
	if (pods->labels.n && pods->labels.v[0].values.n)
		tw_diag_nearest(diags, diag, pods->labels.v[0].values.v[0],
			values.v, values.n);
	tw_vec_release(&values);
}

static int add_side(const struct tw_chaos_pods *pods,
	const struct tw_model *model, struct tw_arena *arena,
	struct tw_diags *diags, struct tw_fault_arg *arg)
{
	struct found found = {
		.services = tw_new_array(arena, model->n_services + 1, bool),
		.replicas = tw_new_array(arena, model->n_replicas + 1, bool),
	};
	bool replicas;

	if (pods->names.n)
		find_names(model, pods, &found);
	else
		find_pods(model, pods, &found);
	if (!found.n) {
		if (!is_told(pods, diags))
			tell_none(model, pods, diags);
		return -1;
	}
	replicas = found.part && !strcmp(pods->as, "service");
	if (found.part && !replicas && !is_told(pods, diags))
		tw_diag(diags, TW_WARNING, pods->pos,
			"the selector takes some pods of a service: all of its "
			"pods are hit");
	*arg = (struct tw_fault_arg){.name = replicas ? "replica" : pods->as,
		.value = join(arena, model, &found, replicas),
		.name_pos = pods->pos,
		.value_pos = pods->pos};
	return 0;
}

/* In the largest unit that says it exactly. */
static const char *duration(struct tw_arena *arena, tw_time t)
{
	if (t % TW_S == 0)
		return tw_arena_printf(arena, "%llds", (long long)(t / TW_S));
	if (t % TW_MS == 0)
		return tw_arena_printf(arena, "%lldms", (long long)(t / TW_MS));
	return tw_arena_printf(arena, "%lldns", (long long)t);
}

TW_VEC_TYPE(args, struct tw_fault_arg);

static void add_time(struct args *args, const struct tw_chaos_fault *fault,
	const char *name, const char *value)
{
	tw_vec_push(args,
		((struct tw_fault_arg){name, value, fault->pos, fault->pos}));
}

static int add_times(struct args *args, const struct tw_chaos_fault *fault,
	tw_time at, tw_time lasts, struct tw_arena *arena,
	struct tw_diags *diags)
{
	tw_time length = fault->lasts, left = lasts ? lasts - fault->at : 0;
	int64_t times = fault->times;

	if (lasts && left <= 0) {
		tw_diag(diags, TW_WARNING, fault->pos,
			"this would begin after 'chaos-for': left out")
			->rule = "not-simulated";
		return 1;
	}
	add_time(args, fault, "at", duration(arena, at + fault->at));
	if (fault->every && !times && !lasts) {
		tw_diag_hint(diags,
			tw_diag(diags, TW_ERROR, fault->pos,
				"this schedule does not end"),
			"give the scenario a 'chaos-for'");
		return -1;
	}
	if (fault->every) {
		if (!times)
			times = 1 + (left - 1) / fault->every;
		if (!length || length > fault->every)
			length = fault->every;
		add_time(args, fault, "every", duration(arena, fault->every));
		add_time(args, fault, "times",
			tw_arena_printf(arena, "%lld", (long long)times));
	} else if (lasts && (!length || length > left)) {
		length = left;
	}
	if (length && !fault->instant)
		add_time(args, fault, "for", duration(arena, length));
	return 0;
}

int tw_chaos_add(const struct tw_chaos_fault *fault, tw_time at, tw_time lasts,
	const struct tw_model *model, struct tw_scenario *to,
	struct tw_diags *diags)
{
	struct args args = {0};
	int status;

	for (size_t i = 0; i < fault->args.n; i++)
		tw_vec_push(&args, fault->args.v[i]);
	status = add_times(&args, fault, at, lasts, &to->arena, diags);
	for (size_t i = 0; !status && i < fault->n_sides; i++) {
		struct tw_fault_arg arg;

		status = add_side(
			fault->sides[i], model, &to->arena, diags, &arg);
		if (!status)
			tw_vec_push(&args, arg);
	}
	if (!status && !tw_scenario_add(to, fault->kind, fault->pos, args.v,
			       args.n, model, diags))
		status = -1;
	tw_vec_release(&args);
	return status < 0 ? -1 : 0;
}
