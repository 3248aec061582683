/* Running tests: the EAL and its port of rings, once; a gateway for each test. */
#include "tests/dp_fixture.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_ring.h>

#include <stdio.h>
#include <unistd.h>

#define EAL_MIB "64"

/* Lcore 0 is the test's, 1 and 2 are the workers'; all float over the machine's cores. */
static void
start_eal(void)
{
	static char lcores[64], prefix[64];
	char *args[] = {"dp_tests", "--no-pci", "--no-telemetry", "--no-shconf",
		"--no-huge", "-m", EAL_MIB, "--log-level", "error", "--file-prefix",
		prefix, "--lcores", lcores, "--main-lcore", "0"};

	snprintf(lcores, sizeof(lcores), "(0,1,2)@(0-%ld)",
		sysconf(_SC_NPROCESSORS_ONLN) - 1);
	snprintf(prefix, sizeof(prefix), "dp_tests_%d", (int)getpid());
	if (rte_eal_init(COUNT(args), args) < 0)
		rte_panic("the EAL did not start: %s\n", rte_strerror(rte_errno));
	gw.in = rte_ring_create("to_gateway", 2048, SOCKET_ID_ANY, 0);
	gw.out = rte_ring_create("from_gateway", 2048, SOCKET_ID_ANY, 0);
	if (gw.in == NULL || gw.out == NULL
		|| rte_eth_from_rings("tests", &gw.in, 1, &gw.out, 1, SOCKET_ID_ANY) < 0)
		rte_panic("no port of rings: %s\n", rte_strerror(rte_errno));
}

static int
set_up(void **state)
{
	(void)state;
	gw_open(NULL);
	return 0;
}

static int
tear_down(void **state)
{
	const char *fault;
	struct frame f;
	bool more = gw_take(&f);

	(void)state;
	fault = gw_close();
	if (fault == NULL && more)
		fault = "the gateway said more than it was asked";
	if (fault != NULL)
		print_error("%s\n", fault);
	return fault == NULL ? 0 : -1;
}

int
gw_main(const char *name, const struct setting *settings, size_t n_settings,
	const struct CMUnitTest *tests, size_t n_tests)
{
	struct CMUnitTest *own = calloc(n_tests, sizeof(*own));
	char group[128], folder[256];
	int failed = 0;

	start_eal();
	for (size_t i = 0; i < n_tests; i++) {
		own[i] = tests[i];
		own[i].setup_func = set_up;
		own[i].teardown_func = tear_down;
	}
	for (size_t s = 0; s < n_settings; s++) {
		gw.setting = &settings[s];
		snprintf(group, sizeof(group), "%s, %s", name, settings[s].name);
		failed += _cmocka_run_group_tests(group, own, n_tests, NULL, NULL);
	}
	free(own);
	snprintf(folder, sizeof(folder), "%s", rte_eal_get_runtime_dir());
	rte_eal_cleanup();
	rmdir(folder); /* which the EAL leaves behind, empty */
	return failed;
}
