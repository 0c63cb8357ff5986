/*
 * The plugins at hand: those linked into the program, and those loaded from
 * a directory. See plugins/twinrig-plugin.h for what a plugin is.
 */
#ifndef TW_HARNESS_PLUGIN_H
#define TW_HARNESS_PLUGIN_H

#include "plugins/twinrig-plugin.h"
#include "twins/base/error.h"
#include "twins/base/text.h"

struct tw_plugin {
	const struct twinrig_plugin *plugin;
	char *path; /* of the shared object; NULL: linked in */
	void *handle;
};

struct tw_plugins {
	TW_VEC(struct tw_plugin) list; /* linked in first, then by path */
};

/* With the plugins that are linked in. */
void tw_plugins_init(struct tw_plugins *plugins);
/* Unloads: nothing of a loaded plugin may be used any more. */
void tw_plugins_release(struct tw_plugins *plugins);

/* Loads each *.so of a directory, in the order of their names. One that is no
 * plugin, is of another ABI, or has the name of one that is there already is
 * an error that names the file; those before it stay loaded. */
int tw_plugins_load(struct tw_plugins *plugins, const char *directory,
	struct tw_error *error);

/* By the word of --format or --to; NULL: there is none. */
const struct twinrig_capture_reader *tw_plugins_reader(
	const struct tw_plugins *plugins, const char *name);
const struct twinrig_capture_writer *tw_plugins_writer(
	const struct tw_plugins *plugins, const char *name);

/* A text of a plugin's, as this side has it; it is still the plugin's. */
static inline struct tw_str tw_plugin_text(struct twinrig_text text)
{
	return (struct tw_str){text.p, text.n};
}

/* What is linked in; ends with NULL. To link one in is to add a row here. */
extern const struct twinrig_plugin *const tw_builtin_plugins[];

#endif
