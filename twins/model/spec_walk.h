/*
 * The walk over the fields of a spec; for the files of this folder.
 *
 * A table a struct says which fields it has; tw_spec_walk (spec.h) enters the
 * structs one after another and shows each field that was given.
 */
#ifndef TW_TWINS_MODEL_SPEC_WALK_H
#define TW_TWINS_MODEL_SPEC_WALK_H

#include "twins/model/spec.h"

#include <stddef.h>

enum tw_field_kind {
	TW_FIELD_INT,
	TW_FIELD_REAL,
	TW_FIELD_TEXT,
	TW_FIELD_LAW,
};

struct tw_field {
	const char *name;
	enum tw_field_kind kind;
	size_t offset;
};

#define TW_FIELD(type, name, kind)                                             \
	{                                                                      \
#name, TW_FIELD_##kind, offsetof(struct type, name)            \
	}
#define TW_FIELD_END                                                           \
	{                                                                      \
		NULL, TW_FIELD_INT, 0                                          \
	}

struct tw_walk {
	tw_spec_visit *visit;
	void *context;
	struct tw_buf path;
};

/* Appends to the path; the old length, for tw_walk_leave(). */
__attribute__((format(printf, 2, 3))) size_t tw_walk_enter(
	struct tw_walk *walk, const char *format, ...);
void tw_walk_leave(struct tw_walk *walk, size_t mark);

/* Shows the field at `at` if it was given. */
void tw_walk_field(
	struct tw_walk *walk, const struct tw_field *field, void *at);
/* The fields of one object; `fields` ends with TW_FIELD_END. */
void tw_walk_fields(
	struct tw_walk *walk, const struct tw_field *fields, void *object);
void tw_walk_texts(struct tw_walk *walk, const char *name,
	struct tw_text *texts, size_t n);

/* spec_services.c */
void tw_walk_service(struct tw_walk *walk, struct tw_spec_service *service);
void tw_walk_workload(struct tw_walk *walk, struct tw_spec_workload *workload);

/* spec_policies.c */
void tw_walk_conditions(
	struct tw_walk *walk, const struct tw_spec_conditions *conditions);
/* The i-th rule. */
void tw_walk_policy(
	struct tw_walk *walk, size_t i, struct tw_spec_policy *policy);
void tw_walk_severed(struct tw_walk *walk, struct tw_spec_severed *severed);

/* spec_cluster.c */
void tw_walk_ground(struct tw_walk *walk, struct tw_spec *spec);
void tw_walk_dns(struct tw_walk *walk, struct tw_spec *spec);
void tw_walk_images(struct tw_walk *walk, struct tw_spec *spec);
void tw_walk_volumes(struct tw_walk *walk, struct tw_spec *spec);
/* A claim, or a template of one. */
void tw_walk_claim(struct tw_walk *walk, struct tw_spec_claim *claim);
void tw_walk_budget(struct tw_walk *walk, struct tw_spec_budget *budget);
void tw_walk_autoscaling(struct tw_walk *walk, struct tw_spec *spec);

/* spec_vertical.c */
void tw_walk_verticals(struct tw_walk *walk, struct tw_spec *spec);

#endif
