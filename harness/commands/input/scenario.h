/*
 * Scenarios as they run: `each` spelt out, `{name}` filled in, faults compiled
 * for a model.
 */
#ifndef TW_COMMANDS_INPUT_SCENARIO_H
#define TW_COMMANDS_INPUT_SCENARIO_H

#include "harness/config/config.h"
#include "twins/fault/fault.h"

struct tw_binding {
	const char *name, *value; /* `{name}` stands for the value */
};

/* One scenario after `each`: the same for both sides. */
struct tw_case {
	const char *name;
	const struct tw_config_scenario *config; /* NULL: plain traffic */
	const struct tw_config_traffic *traffic; /* merged with the file's */
	TW_VEC(struct tw_binding) bindings;
	const char *family; /* the name without its load */
	double load;	    /* of a search; 0: as it comes */
};

static inline bool tw_case_is_search(const struct tw_case *one)
{
	return one->config && one->config->search.origin;
}

struct tw_cases {
	struct tw_arena arena;
	TW_VEC(struct tw_case *) list;
};

void tw_cases_init(struct tw_cases *cases);
void tw_cases_release(struct tw_cases *cases);

/*
 * The cases of a configuration whose names fit the glob (NULL: all); `each`
 * is looked up in the model. A configuration without scenarios has one,
 * "steady", in which nothing goes wrong. -1 where an error was added.
 */
int tw_cases_expand(struct tw_cases *cases, const struct tw_config *config,
	const struct tw_model *model, const char *only, struct tw_diags *diags);

/* Reads the files that scenarios name in `chaos`. -1 where an error was added
 * to diags. Once for a configuration, with the files of its tree. */
int tw_cases_read_chaos(struct tw_config *config, struct tw_files *files,
	struct tw_diags *diags);

/* The faults of a case for one model. -1 where an error was added. */
int tw_case_compile(const struct tw_case *one, const struct tw_model *model,
	struct tw_scenario *to, struct tw_diags *diags);

/* Another value of one parameter of one fault, written or not. */
struct tw_case_change {
	const struct tw_config_fault *fault; /* NULL: none */
	const char *param, *value;
};

int tw_case_compile_with(const struct tw_case *one,
	const struct tw_model *model, const struct tw_case_change *change,
	struct tw_scenario *to, struct tw_diags *diags);

#endif
