#include "harness/plugin/plugin.h"

extern const struct twinrig_plugin twinrig_plugin_accesslog;
extern const struct twinrig_plugin twinrig_plugin_gor;
extern const struct twinrig_plugin twinrig_plugin_har;
extern const struct twinrig_plugin twinrig_plugin_jsonl;

const struct twinrig_plugin *const tw_builtin_plugins[] = {
	&twinrig_plugin_accesslog,
	&twinrig_plugin_gor,
	&twinrig_plugin_har,
	&twinrig_plugin_jsonl,
	NULL,
};
