/*
 * What a user writes: twinrig.yaml, as struct tw_config, and twin models,
 * which go into a spec. Both are read by tables (schema.h).
 *
 *	struct tw_config config;
 *
 *	tw_config_init(&config);
 *	if (tw_config_read(&config, files, "twinrig.yaml", diags))
 *		... errors are in diags
 *	... manifests are read into the spec first ...
 *	tw_config_read_models(&config.topology.models, files, spec, diags);
 *
 * A value whose origin is NULL was not given: tw_int_or() and its like name
 * the default that stands in the tables. Each value's origin has its place in
 * the file, each text's that of its first character.
 */
#ifndef TW_HARNESS_CONFIG_CONFIG_H
#define TW_HARNESS_CONFIG_CONFIG_H

#include "harness/config/schema.h"
#include "harness/files/files.h"
#include "twins/fault/fault.h"

struct tw_config_topology {
	struct tw_texts manifests; /* files, globs, folders */
	struct tw_texts render;	   /* a command that writes manifests */
	struct tw_texts models;	   /* files, globs */
};

struct tw_chaos_faults; /* harness/chaos */

/* In a scenario: what is given there replaces what the file says. */
/* Whose requests they are, where nothing tells (harness/trial/users.h). */
struct tw_config_users {
	struct tw_int count;
	struct tw_real skew; /* default 0 */
};

struct tw_config_traffic {
	struct tw_texts capture; /* files, globs; played together */
	struct tw_real speed;	 /* factor; default 1 */
	struct tw_real rate;	 /* requests/s instead of the recorded one */
	struct tw_int loop;	 /* times; 0: until `duration`; default 1 */
	struct tw_int from, to;	 /* ns of the capture; default all */
	struct tw_int duration;	 /* ns of the run; default the capture's */
	struct tw_int warmup;	 /* ns of it that are not judged; default 0 */
	struct tw_text entry;	 /* service of what no route takes */
	struct tw_config_users users;
};

/* As it was written: twins/fault checks it. `{name}` of the scenario's `each`
 * still stands in the values: tw_config_fill(). */
struct tw_config_fault {
	const char *kind;
	struct tw_pos pos, kind_pos;
	TW_VEC(struct tw_fault_arg) args;
};

struct tw_config_each {
	const char *name;
	struct tw_pos name_pos;
	struct tw_text of; /* "callees of shop/ *" without the blank */
};

/* How large a fault the system recovers from. */
struct tw_config_search {
	const struct tw_origin *origin; /* NULL: none is made */
	struct tw_text fault;		/* its `name`; default: the first */
	struct tw_text trigger;		/* its parameter; default "for" */
	struct tw_text from, to;
	struct tw_int steps;  /* sizes of it; default 8 */
	struct tw_texts load; /* factors; default 1x */
	struct tw_int within; /* ns after the end; default 30 s */
};

struct tw_config_scenario {
	struct tw_text name; /* unique; may hold "{to}" */
	struct tw_pos pos;
	TW_VEC(struct tw_config_each) each;
	TW_VEC(struct tw_config_fault *) faults;
	struct tw_texts chaos;	 /* files of other tools, globs */
	struct tw_int chaos_at;	 /* ns; when they begin; default 0 */
	struct tw_int chaos_for; /* ns; when what is open in them ends */
	const struct tw_chaos_faults *chaos_faults; /* what they say: who reads
						     * them sets it */
	/* ns; when what the candidate changes is rolled out, from the
	 * baseline's state; not given: the candidate is there from the start */
	struct tw_int rollout;
	struct tw_config_traffic traffic;
	struct tw_config_search search;
};

/* A side; all empty: the working tree (candidate), merge-base (baseline). */
struct tw_config_side {
	struct tw_text ref;	   /* baseline: "merge-base", a commit … */
	struct tw_text directory;  /* another tree */
	struct tw_text stored;	   /* baseline: a stored gate's name */
	bool no_store;		   /* baseline: gates are not stored */
	struct tw_texts manifests; /* instead of the topology's */
	struct tw_texts models;	   /* instead of the topology's */
	struct tw_texts process;   /* a real build: its command */
	struct tw_text service;	   /* that the process is */
	struct tw_labels env;	   /* beside that of its manifest */
	struct tw_int ready;	   /* ns it may take to be ready; 30 s */
	struct tw_texts ignore;	   /* paths of answers not compared */
	struct tw_pos pos;
};

struct tw_config_check {
	struct tw_text check;	   /* in the language of harness/gate */
	struct tw_text name;	   /* in reports; default: the text */
	struct tw_texts scenarios; /* globs; none: all */
	struct tw_text mute;	   /* why its failure does not count now */
	struct tw_pos pos;
};

/* Somebody else's judge, by a file of its own. */
struct tw_config_metric {
	struct tw_text name, measure;
};

struct tw_config_judge {
	struct tw_text kayenta, k6, argo, openslo; /* one of them: a file */
	TW_VEC(struct tw_config_metric) metrics;
	struct tw_texts scenarios; /* globs; none: all */
	struct tw_int interval;	   /* ns */
	struct tw_text unit;	   /* "s" (default), "ms" */
	struct tw_real pass, marginal, compress;
	bool gates;
	struct tw_pos pos;
};

struct tw_config_gate {
	struct tw_int runs;	       /* default 8 */
	struct tw_int max_runs;	       /* default: `runs` */
	struct tw_int budget;	       /* ns; default: no end */
	struct tw_text policy;	       /* "baseline" (default), "candidate" */
	struct tw_text inconclusive;   /* "inconclusive" (default: status 4),
					* "fail" (1), "pass" (0) */
	struct tw_int seed;	       /* default 1 */
	struct tw_real completeness;   /* of the capture; default 0.95 */
	struct tw_real confidence;     /* of the intervals; default 0.95 */
	struct tw_int counterfactuals; /* tests for a failed scenario; default
					* 16, 0: none */
	TW_VEC(struct tw_config_check *) checks;
	TW_VEC(struct tw_config_judge *) judges;
};

struct tw_config {
	struct tw_arena arena;
	const char *file; /* NULL: nothing was read */
	struct tw_int version;
	struct tw_config_topology topology;
	struct tw_config_traffic traffic;
	TW_VEC(struct tw_config_scenario *) scenarios;
	struct tw_config_side candidate, baseline;
	struct tw_config_gate gate;
};

void tw_config_init(struct tw_config *config);
void tw_config_release(struct tw_config *config);

/* Once for each init. -1 where an error was added to diags; what could be
 * read is there all the same. */
int tw_config_read(struct tw_config *config, struct tw_files *files,
	const char *path, struct tw_diags *diags);
int tw_config_parse(struct tw_config *config, const char *file,
	const char *text, size_t n, struct tw_diags *diags);

/*
 * Reads twin models into the spec, after the manifests: what these say stays,
 * with a warning. A pattern that nothing matches is an error. Services of all
 * files are known before the first is read in full, so their order does not
 * matter.
 */
int tw_config_read_models(const struct tw_texts *patterns,
	struct tw_files *files, struct tw_spec *spec, struct tw_diags *diags);
int tw_config_parse_model(struct tw_spec *spec, const char *file,
	const char *text, size_t n, struct tw_diags *diags);

/* `text` with each "{name}" replaced; in the arena. */
const char *tw_config_fill(struct tw_arena *arena, const char *text,
	const char *name, const char *value);

enum tw_config_file { TW_CONFIG_FILE, TW_MODEL_FILE };

/* JSON Schema (draft 2020-12) and help, from the tables. */
void tw_config_schema_json(enum tw_config_file which, struct tw_buf *out);
void tw_config_help(enum tw_config_file which, struct tw_buf *out);

#endif
