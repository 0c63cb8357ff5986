/*
 * For the verbs that look at what is stored: the archive, its catalog, and how
 * its gates are shown.
 */
#ifndef TW_COMMANDS_STORED_SHELF_H
#define TW_COMMANDS_STORED_SHELF_H

#include "harness/baseline/catalog.h"
#include "harness/commands/command.h"

struct tw_shelf {
	struct tw_archive *archive;
	struct tw_catalog catalog;
};

/* Of the repository that the configuration's folder is in; 0, or the exit
 * status: the error is told. */
int tw_shelf_open(struct tw_shelf *shelf, const struct tw_cli *cli);
void tw_shelf_close(struct tw_shelf *shelf);

/* Tells the error; the exit status that it means. */
int tw_shelf_fail(const struct tw_error *error);
/* The gate of this name, or the last one (NULL). 0, or the exit status. */
int tw_shelf_record(
	struct tw_shelf *shelf, const char *name, struct tw_record *record);

#define TW_WHEN 24
/* "2026-11-25 15:51", UTC. */
char *tw_when_text(int64_t time, char to[static TW_WHEN]);

/* A line of a record's `verdict`. */
struct tw_judged {
	const char *scenario, *check, *group, *verdict, *reason, *kind;
	const char *baseline, *candidate;
	int64_t since; /* ns; TW_NEVER: not known */
};

TW_VEC_TYPE(tw_judged_list, struct tw_judged);

/* In the record's arena. */
int tw_judged_read(struct tw_record *record, struct tw_judged_list *to,
	struct tw_error *error);

#endif
