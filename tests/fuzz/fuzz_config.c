/*
 * Configurations: whatever is accepted can be made into a data plane's, and what is shown
 * of it is accepted again and means the same.
 */
#include "control/config.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static struct ctl_config *
parse(const char *text, size_t len)
{
	char err[512] = "";
	struct ctl_config *c = ctl_config_parse("f", text, len, err, sizeof(err));

	require((c == NULL) == (err[0] != '\0'));
	require(c != NULL || strncmp(err, "f:", 2) == 0);
	return c;
}

static void
there_and_back(const struct ctl_config *c)
{
	json_t *shown = ctl_config_json(c), *again;
	char *text = json_dumps(shown, 0), err[512];
	struct ctl_config *b = NULL;

	if (text != NULL) { /* NULL: a text that is not UTF-8 */
		b = parse(text, strlen(text));
		require(b != NULL && ctl_config_follows(c, b, err, sizeof(err)));
		again = ctl_config_json(b);
		require(json_equal(shown, again));
		json_decref(again);
	}
	ctl_config_free(b);
	free(text);
	json_decref(shown);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctl_config *c = parse((const char *)data, size);
	struct dp_config cfg;
	char err[512] = "";

	if (c == NULL)
		return 0;
	require(ctl_config_dp(c, &cfg, err, sizeof(err)));
	for (unsigned i = 0; i < cfg.n_ports; i++)
		require(cfg.ports[i].arg[0] != '\0'
			&& strchr(cfg.ports[i].arg, ',') == NULL);
	dp_snapshot_free(ctl_config_snapshot(c, 1, err, sizeof(err)));
	there_and_back(c);
	ctl_config_free(c);
	return 0;
}
