/*
 * twinrig.yaml and twin models: the first byte says which. Whatever the
 * bytes, reading ends; what is refused has a finding, and what is accepted
 * has laws that can be sampled.
 */
#include "harness/config/config.h"
#include "tests/fuzz/fuzz.h"
#include "twins/base/assert.h"

static void check_findings(struct tw_diags *diags, int rc)
{
	struct tw_buf told = {0};

	tw_assert((rc != 0) == (diags->errors > 0));
	tw_diags_sort(diags);
	for (size_t i = 0; i < diags->list.n; i++)
		tw_diag_print(diags, diags->list.v[i], false, &told);
	tw_buf_release(&told);
}

static void sample(void *context, const struct tw_spec_field *field)
{
	struct tw_buf text = {0};

	(void)context;
	tw_spec_field_text(field, &text);
	tw_assert(tw_spec_field_origin(field));
	if (field->law)
		tw_assert(tw_dist_sample(&field->law->v, 0.5) >= 0);
	tw_buf_release(&text);
}

static void read_model(const char *p, size_t n, struct tw_diags *diags)
{
	struct tw_spec *spec = tw_spec_new();
	int rc = tw_config_parse_model(spec, "fuzz", p, n, diags);

	check_findings(diags, rc);
	tw_spec_link(spec);
	tw_spec_walk(spec, sample, NULL);
	tw_spec_free(spec);
}

static void read_config(const char *p, size_t n, struct tw_diags *diags)
{
	struct tw_config config;
	int rc;

	tw_config_init(&config);
	rc = tw_config_parse(&config, "fuzz", p, n, diags);
	check_findings(diags, rc);
	for (size_t i = 0; !rc && i < config.scenarios.n; i++)
		tw_assert(config.scenarios.v[i]->name.v);
	for (size_t i = 0; !rc && i < config.gate.checks.n; i++)
		tw_assert(config.gate.checks.v[i]->check.v);
	tw_config_release(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct tw_diags diags;

	if (!n)
		return 0;
	tw_diags_init(&diags);
	if (data[0] == 'm')
		read_model((const char *)data + 1, n - 1, &diags);
	else
		read_config((const char *)data + 1, n - 1, &diags);
	tw_diags_release(&diags);
	return 0;
}
