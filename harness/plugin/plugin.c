#include "harness/plugin/plugin.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void tw_plugins_init(struct tw_plugins *plugins)
{
	*plugins = (struct tw_plugins){0};
	for (size_t i = 0; tw_builtin_plugins[i]; i++)
		tw_vec_push(&plugins->list,
			(struct tw_plugin){.plugin = tw_builtin_plugins[i]});
}

void tw_plugins_release(struct tw_plugins *plugins)
{
	for (size_t i = 0; i < plugins->list.n; i++) {
		tw_free(plugins->list.v[i].path);
		if (plugins->list.v[i].handle)
			dlclose(plugins->list.v[i].handle);
	}
	tw_vec_release(&plugins->list);
}

static int add(struct tw_plugins *plugins, const char *path, void *handle,
	struct tw_error *error)
{
	const struct twinrig_plugin *plugin;
	twinrig_plugin_entry *entry;
	void *symbol = dlsym(handle, TWINRIG_PLUGIN_ENTRY);

	if (!symbol)
		return tw_fail(error, TW_E_USAGE,
			"%s: no plugin of twinrig: it has no %s()", path,
			TWINRIG_PLUGIN_ENTRY);
	memcpy(&entry, &symbol, sizeof entry);
	plugin = entry();
	if (!plugin || !TWINRIG_HAS(plugin, struct twinrig_plugin, abi) ||
		plugin->abi != TWINRIG_PLUGIN_ABI)
		return tw_fail(error, TW_E_USAGE,
			"%s: made for another plugin ABI: build it against "
			"this twinrig's twinrig-plugin.h (ABI %u)",
			path, TWINRIG_PLUGIN_ABI);
	if (!TWINRIG_HAS(plugin, struct twinrig_plugin, description) ||
		!plugin->name || !plugin->description)
		return tw_fail(error, TW_E_USAGE,
			"%s: a plugin without name or description", path);
	for (size_t i = 0; i < plugins->list.n; i++)
		if (!strcmp(plugins->list.v[i].plugin->name, plugin->name))
			return tw_fail(error, TW_E_USAGE,
				"%s: there is a plugin '%s' already (%s)", path,
				plugin->name,
				plugins->list.v[i].path
					? plugins->list.v[i].path
					: "linked in");
	tw_vec_push(&plugins->list, (struct tw_plugin){.plugin = plugin,
					    .path = tw_strdup(path),
					    .handle = handle});
	return 0;
}

static int load(
	struct tw_plugins *plugins, const char *path, struct tw_error *error)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!handle)
		return tw_fail(error, TW_E_USAGE, "cannot load a plugin: %s",
			dlerror());
	if (!add(plugins, path, handle, error))
		return 0;
	dlclose(handle);
	return -1;
}

static int is_object(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && tw_text_ends(entry->d_name, ".so");
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int tw_plugins_load(struct tw_plugins *plugins, const char *directory,
	struct tw_error *error)
{
	struct dirent **names;
	struct tw_buf path = {0};
	int n = scandir(directory, &names, is_object, by_name), result = 0;

	if (n < 0)
		return tw_fail(error, TW_E_USAGE,
			"cannot read the plugin directory %s: %s", directory,
			strerror(errno));
	for (int i = 0; i < n; i++) {
		if (!result) {
			tw_buf_clear(&path);
			tw_buf_printf(
				&path, "%s/%s", directory, names[i]->d_name);
			result = load(plugins, tw_buf_text(&path), error);
		}
		free(names[i]);
	}
	free(names);
	tw_buf_release(&path);
	return result;
}

const struct twinrig_capture_reader *tw_plugins_reader(
	const struct tw_plugins *plugins, const char *name)
{
	for (size_t i = 0; i < plugins->list.n; i++) {
		const struct twinrig_plugin *plugin = plugins->list.v[i].plugin;

		if (TWINRIG_HAS(
			    plugin, struct twinrig_plugin, capture_reader) &&
			plugin->capture_reader &&
			!strcmp(plugin->capture_reader->name, name))
			return plugin->capture_reader;
	}
	return NULL;
}

const struct twinrig_capture_writer *tw_plugins_writer(
	const struct tw_plugins *plugins, const char *name)
{
	for (size_t i = 0; i < plugins->list.n; i++) {
		const struct twinrig_plugin *plugin = plugins->list.v[i].plugin;

		if (TWINRIG_HAS(
			    plugin, struct twinrig_plugin, capture_writer) &&
			plugin->capture_writer &&
			!strcmp(plugin->capture_writer->name, name))
			return plugin->capture_writer;
	}
	return NULL;
}
