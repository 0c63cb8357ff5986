#include "harness/commands/gate.h"
int tw_gate_live(struct tw_gate *gate)
{
	(void)gate;
	return TW_EXIT_RUN;
}
