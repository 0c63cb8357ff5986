/* The keys of twin models: storage that manifests do not describe. */
#include "harness/config/tables.h"

#include <stddef.h>

#define AT(field) .offset = offsetof(struct tw_spec_storage, field)

static const char *const reaches[] = {"zone", "node", "anywhere", NULL};
static const char *const bindings[] = {
	"WaitForFirstConsumer", "Immediate", NULL};

static const struct tw_row rows[] = {
	{.name = "reach",
		.type = TW_ROW_CHOICE,
		AT(reach),
		.choices = reaches,
		.otherwise = "zone",
		.help = "from where a volume can be used, of a class or a "
			"provisioner that is not known"},
	{.name = "binding",
		.type = TW_ROW_CHOICE,
		AT(binding),
		.choices = bindings,
		.otherwise = "WaitForFirstConsumer",
		.help = "volumeBindingMode of a class that no manifest "
			"declares"},
	{.name = "attach",
		.type = TW_ROW_DURATION,
		AT(attach),
		.otherwise = "5s",
		.help = "until a volume is attached to a node and mounted"},
	{.name = "detach",
		.type = TW_ROW_DURATION,
		AT(detach),
		.otherwise = "10s",
		.help = "from the end of its last pod until it can be attached "
			"to another node"},
	{.name = "limit",
		.type = TW_ROW_INT,
		AT(limit),
		.min = 1,
		.max = 10000,
		.help = "volumes that can be attached to a node; default: 39 "
			"of AWS EBS, 16 of GCE PD and Azure disks, else none"},
	{0},
};

const struct tw_table tw_storage_table = {
	.name = "storage",
	.help = "volumes of claims, as far as manifests do not tell",
	.rows = rows,
};
