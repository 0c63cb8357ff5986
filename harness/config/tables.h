/* The roots of the tables; for the files of this folder. */
#ifndef TW_HARNESS_CONFIG_TABLES_H
#define TW_HARNESS_CONFIG_TABLES_H

#include "harness/config/config.h"

/* Read into a struct tw_config. */
extern const struct tw_table tw_config_table;
/* Read into a struct tw_spec, which is the reader's context, too. */
extern const struct tw_table tw_model_table;

#endif
