#include "bench/outcome.h"

#include <stdio.h>

static const char *const placement_name[] = {"near", "far"};

void
outcome_print(const struct workload *load, const struct outcome *out)
{
	printf("%-12s %u turns, %u mixed, %u stolen, %llu refused, %llu lost\n",
		load->name, out->turns, out->mixed, out->stolen,
		(unsigned long long)out->refused, (unsigned long long)out->lost);
	if (out->bodies > 0)
		printf("    %u bodies read back, %u of them wrong\n", out->bodies,
			out->bodies_wrong);
	for (unsigned p = NEAR; p <= FAR; p++)
		if (out->at[p].turns == 0)
			printf("    %-4s  did not come up\n", placement_name[p]);
		else
			printf("    %-4s  ratio %.2f (%.2f to %.2f, %u turns)  %.2f M/s "
			       "of %.2f  "
			       "cycles %.0f = rx %.0f + work %.0f + tx %.0f  trip %.0f\n",
				placement_name[p], out->at[p].ratio, out->at[p].low,
				out->at[p].high, out->at[p].turns, out->at[p].mps,
				out->at[p].macswap_mps, out->at[p].total, out->at[p].rx,
				out->at[p].work, out->at[p].tx, out->at[p].trip);
	fflush(stdout);
}

void
outcome_print_json(const struct workload *load, const struct outcome *out, bool first)
{
	for (unsigned p = NEAR; p <= FAR; p++, first = false)
		if (out->at[p].turns == 0)
			printf("%s{\"workload\":\"%s\",\"placement\":\"%s\",\"ratio\":"
			       "null,"
			       "\"ratio_min\":null,\"ratio_max\":null,\"mps\":null,"
			       "\"cycles\":null,"
			       "\"note\":\"did not come up\"}",
				first ? "" : ",", load->name, placement_name[p]);
		else
			printf("%s{\"workload\":\"%s\",\"placement\":\"%s\",\"ratio\":%."
			       "3f,"
			       "\"ratio_min\":%.3f,\"ratio_max\":%.3f,\"mps\":%.3f,"
			       "\"cycles\":%.1f,"
			       "\"rx\":%.1f,\"work\":%.1f,\"tx\":%.1f,\"macswap_mps\":%."
			       "3f,"
			       "\"turns\":%u,\"trip_cycles\":%.0f,\"refused\":%llu,"
			       "\"lost\":%llu,"
			       "\"hugepages\":%s}",
				first ? "" : ",", load->name, placement_name[p],
				out->at[p].ratio, out->at[p].low, out->at[p].high,
				out->at[p].mps, out->at[p].total, out->at[p].rx,
				out->at[p].work, out->at[p].tx, out->at[p].macswap_mps,
				out->at[p].turns, out->at[p].trip,
				(unsigned long long)out->refused,
				(unsigned long long)out->lost,
				out->hugepages ? "true" : "false");
}
