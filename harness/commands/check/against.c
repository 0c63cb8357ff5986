/*
 * `twinrig check --baseline REF`: what differs from there, who can talk to
 * whom now and could not, and what looks wrong only here. Nothing is run.
 */
#include "harness/commands/check/against.h"

#include "harness/commands/gate/gate.h"
#include "harness/commands/output.h"

#include <stdio.h>

static void tell(struct tw_gate *gate)
{
	const struct tw_report_options options = {
		.colour = gate->cli->colour,
		.columns = tw_output_columns(),
		.verbose = gate->cli->verbose,
	};
	struct tw_buf out = {0};

	tw_report_changes(&gate->report, &options, &out);
	fputs(tw_buf_text(&out), stdout);
	tw_buf_release(&out);
	tw_gate_tell_findings(gate);
}

static int compare(struct tw_gate *gate)
{
	int status = tw_gate_open_sides(gate);

	if (status)
		return status;
	tw_gate_lint(gate);
	tw_gate_list_differences(gate);
	tw_gate_list_reach(gate);
	return 0;
}

int tw_check_against(const struct tw_cli *cli)
{
	struct tw_gate gate;
	int status = TW_EXIT_USAGE;

	tw_gate_init(&gate, cli);
	if (!tw_setup_open(&gate.setup, cli))
		status = compare(&gate);
	tw_diags_show(&gate.setup.diags, cli);
	if (status) {
		tw_diags_show(&gate.candidate.diags, cli);
		tw_diags_show(&gate.baseline.diags, cli);
	} else {
		tell(&gate);
	}
	if (tw_gate_tell_findings_alone(&gate) && !status)
		status = TW_EXIT_RUN;
	tw_gate_release(&gate);
	return status;
}
