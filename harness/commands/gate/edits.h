/*
 * Systems between the two sides of a gate: the candidate with some of what
 * differs as the baseline has it.
 *
 * An edit is one place where the two sides' files differ, the highest there
 * is: a field's value, a block that only one side has, a whole object, a
 * model's file. Of manifests only what has a part in the model counts, and of
 * objects that requests reached. What comes of an edit is read anew as the
 * candidate was (precedence, addresses, policies and all).
 */
#ifndef TW_COMMANDS_GATE_EDITS_H
#define TW_COMMANDS_GATE_EDITS_H

#include "harness/commands/gate/gate.h"

struct tw_gate_edit {
	const struct tw_object *a, *b; /* baseline's, candidate's; both NULL: */
	const char *file;	       /* a model's file */
	size_t doc;		       /* in it, from 0 */
	const char *path;	       /* within; "": all of it */
	struct tw_undo undo;
};

TW_VEC_TYPE(tw_gate_edit_list, struct tw_gate_edit);

/* Documents of one model's file, as both sides have them. */
struct tw_gate_model_file {
	const char *path;
	struct tw_yaml_docs docs[2]; /* by enum tw_flow_side */
	bool there[2];
};

struct tw_gate_edits {
	struct tw_gate_edit_list list;
	TW_VEC(struct tw_gate_model_file) files;
};

/* In the gate's arena. */
void tw_gate_edits_find(struct tw_gate *gate, struct tw_gate_edits *edits);

/* The candidate with these edits undone, beside the baseline; undone[i] is of
 * edits->list.v[i]. -1: the files make no system so. Release *to either way. */
int tw_gate_edits_load(struct tw_gate *gate, const struct tw_gate_edits *edits,
	const bool *undone, struct tw_system *to);

#endif
