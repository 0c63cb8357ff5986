#include "harness/commands/command.h"

#include "twins/fault/fault.h"

#include <stdio.h>

static const char *type_text(enum tw_param_type type)
{
	switch (type) {
	case TW_PARAM_NAME:
		return "name";
	case TW_PARAM_CHOICE:
		return "choice";
	case TW_PARAM_COUNT:
	case TW_PARAM_WHOLE:
		return "count";
	case TW_PARAM_RATE:
		return "rate";
	case TW_PARAM_BANDWIDTH:
		return "bandwidth";
	case TW_PARAM_BYTES:
		return "memory";
	case TW_PARAM_AMOUNT:
		return "amount";
	case TW_PARAM_DURATION:
		return "duration";
	case TW_PARAM_RATIO:
		return "ratio";
	case TW_PARAM_FACTOR:
		return "factor";
	case TW_PARAM_STATUS:
		return "status";
	case TW_PARAM_FLAG:
		return "true|false";
	case TW_PARAM_GLOB:
		return "glob";
	}
	return "";
}

static void print_params(const struct tw_fault_param *params, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		printf("    %-15s %-10s %s", params[i].name,
			type_text(params[i].type), params[i].help);
		for (size_t k = 0; params[i].choices && params[i].choices[k];
			k++)
			printf("%s%s", k ? ", " : ": ", params[i].choices[k]);
		if (params[i].required)
			printf(" (required)");
		else if (params[i].otherwise)
			printf(" (%s)", params[i].otherwise);
		putchar('\n');
	}
}

static int run(const struct tw_cli *cli)
{
	size_t n, n_common;
	const struct tw_fault_kind *const *kinds = tw_fault_kinds(&n);
	const struct tw_fault_param *common = tw_fault_common(&n_common);

	(void)cli;
	for (size_t i = 0; i < n; i++) {
		printf("%s\n    %s\n", kinds[i]->name, kinds[i]->help);
		print_params(kinds[i]->params, kinds[i]->n_params);
		putchar('\n');
	}
	printf("every kind\n");
	print_params(common, n_common);
	return TW_EXIT_PASS;
}

const struct tw_command tw_command_faults = {
	.name = "faults",
	.arguments = "",
	.summary = "list the kinds of faults and their parameters",
	.run = run,
};
