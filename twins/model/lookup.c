#include "twins/model/model.h"

#include <string.h>

uint32_t tw_model_service(const struct tw_model *model, const char *name)
{
	const struct tw_spec_service *spec =
		tw_spec_find_service(model->spec, NULL, name);
	const struct tw_service *found =
		spec ? tw_map_get(&model->service_of, spec->key) : NULL;

	return found ? (uint32_t)(found - model->services) : TW_NONE;
}

uint32_t tw_model_endpoint(
	const struct tw_model *model, uint32_t service, const char *endpoint)
{
	const struct tw_service *it;

	if (service == TW_NONE)
		return TW_NONE;
	it = &model->services[service];
	if (!endpoint)
		return it->n_endpoints == 1 ? it->first_endpoint : TW_NONE;
	for (uint32_t e = 0; e < it->n_endpoints; e++)
		if (!strcmp(model->endpoints[it->first_endpoint + e].name,
			    endpoint))
			return it->first_endpoint + e;
	return TW_NONE;
}

/* ---- each ----------------------------------------------------------- */

static void add_name(struct tw_names *to, const char *name)
{
	for (size_t i = 0; i < to->n; i++)
		if (!strcmp(to->v[i], name))
			return;
	tw_vec_push(to, name);
}

static bool service_fits(
	const struct tw_model *model, const char *glob, uint32_t service)
{
	return tw_model_name_fits(glob, tw_model_caller_name(model, service));
}

/* The services that one channel leads to. */
static void add_channel(const struct tw_model *model, const char *glob,
	bool callees, uint32_t at, struct tw_names *to)
{
	const struct tw_channel *channel = &model->channels[at];

	for (uint32_t t = 0; t < channel->n_targets; t++) {
		uint32_t endpoint = channel->targets[t].endpoint;
		uint32_t callee = endpoint == TW_NONE
					  ? TW_NONE
					  : model->endpoints[endpoint].service;

		if (callee == TW_NONE)
			continue;
		if (callees && service_fits(model, glob, channel->caller))
			add_name(to, model->services[callee].key);
		if (!callees && service_fits(model, glob, callee))
			add_name(to, model->services[channel->caller].key);
	}
	for (uint32_t v = 0; v < channel->n_variants; v++)
		add_channel(
			model, glob, callees, channel->variants[v].channel, to);
}

/* Both directions of the edges that programs make. */
static void add_neighbours(const struct tw_model *model, const char *glob,
	bool callees, struct tw_names *to)
{
	for (uint32_t s = 0; s < model->n_steps; s++)
		if (model->steps[s].kind == TW_STEP_CALL)
			add_channel(model, glob, callees,
				model->steps[s].channel, to);
}

static void add_of_services(const struct tw_model *model, const char *glob,
	bool replicas, struct tw_names *to)
{
	for (uint32_t s = 0; s < model->n_services; s++) {
		const struct tw_service *service = &model->services[s];
		const struct tw_pool *pool = &model->pools[service->pool];

		if (!service_fits(model, glob, s))
			continue;
		for (uint32_t i = 0; replicas && i < pool->n_replicas; i++)
			add_name(to, model->replicas[pool->replicas[i]].key);
		for (uint32_t e = 0; !replicas && e < service->n_endpoints; e++)
			add_name(to,
				model->endpoints[service->first_endpoint + e]
					.name);
	}
}

/* "callees of X" -> X, where the selector starts with the words. */
static const char *after(const char *selector, const char *words)
{
	size_t n = strlen(words);

	return strncmp(selector, words, n) ? NULL : selector + n;
}

bool tw_model_each(
	const struct tw_model *model, const char *selector, struct tw_names *to)
{
	const char *glob;

	if (!strcmp(selector, "services")) {
		for (uint32_t s = 0; s < model->n_services; s++)
			add_name(to, model->services[s].key);
	} else if (!strcmp(selector, "nodes")) {
		for (uint32_t i = 0; i < model->n_nodes; i++)
			if (!model->nodes[i].spare)
				add_name(to, model->nodes[i].name);
	} else if (!strcmp(selector, "regions")) {
		for (uint32_t r = 0; r < model->n_regions; r++)
			if (*model->regions[r])
				add_name(to, model->regions[r]);
	} else if (!strcmp(selector, "zones")) {
		for (uint32_t z = 0; z < model->n_zones; z++)
			add_name(to, model->zones[z]);
	} else if (!strcmp(selector, "replicas")) {
		add_of_services(model, "*", true, to);
	} else if ((glob = after(selector, "replicas of "))) {
		add_of_services(model, glob, true, to);
	} else if ((glob = after(selector, "endpoints of "))) {
		add_of_services(model, glob, false, to);
	} else if ((glob = after(selector, "callees of "))) {
		add_neighbours(model, glob, true, to);
	} else if ((glob = after(selector, "callers of "))) {
		add_neighbours(model, glob, false, to);
	} else {
		return false;
	}
	return true;
}
