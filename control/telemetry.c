/*
 * The DPDK telemetry socket: the same commands, their numbers.
 *
 * It knows no fractions: microseconds become nanoseconds, a share of 1 becomes
 * thousandths. Nor does it know lists of objects: they become objects, each item under
 * its name.
 */
#include "control/gateway.h"

#include <rte_telemetry.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 3

/* A callback, in a thread of DPDK's, gets nothing of ours; and it cannot be taken back.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct ctl_gateway *gateway; /* under the lock; NULL: none, or no longer */

static const struct source {
	const char *path, *command, *help;
} sources[] = {
	{"/tidegate/status", "status", "What the gateway is and how it does."},
	{"/tidegate/counters", "stats", "Counters; parameter: a pattern."},
	{"/tidegate/drops", "drops", "What was dropped, refused or lost, by reason."},
	{"/tidegate/latency", "latency", "From a frame read to its answer."},
	{"/tidegate/cores", "cores", "Workers and how busy they are."},
	{"/tidegate/ports", "ports", "Ports and their counters."},
	{"/tidegate/mem", "mem", "Memory by table, and in all."},
};

static struct rte_tel_data *container(const json_t *v, unsigned depth);

static void
add_real(struct rte_tel_data *d, const char *key, double v)
{
	size_t len = strlen(key);
	char name[RTE_TEL_MAX_STRING_LEN];

	if (len > 3 && strcmp(key + len - 3, "_us") == 0)
		snprintf(name, sizeof(name), "%.*s_ns", (int)(len - 3), key);
	else
		snprintf(name, sizeof(name),
			strcmp(key, "busy") == 0 ? "%s_permille" : "%s", key);
	rte_tel_data_add_dict_u64(
		d, name, (uint64_t)(strcmp(name, key) == 0 ? v : v * 1000));
}

static void
add_to_dict(struct rte_tel_data *d, const char *key, const json_t *v, unsigned depth)
{
	struct rte_tel_data *inner;

	if (json_is_integer(v)) {
		rte_tel_data_add_dict_u64(d, key, (uint64_t)json_integer_value(v));
	} else if (json_is_boolean(v)) {
		rte_tel_data_add_dict_u64(d, key, json_is_true(v));
	} else if (json_is_real(v)) {
		add_real(d, key, json_real_value(v));
	} else if (json_is_string(v)) {
		rte_tel_data_add_dict_string(d, key, json_string_value(v));
	} else if ((inner = container(v, depth + 1)) != NULL
		   && rte_tel_data_add_dict_container(d, key, inner, 0) != 0) {
		rte_tel_data_free(inner);
	}
}

/* An item's name is its first member, if that is a name to DPDK; else its number. */
static void
add_item(struct rte_tel_data *d, size_t index, json_t *item, unsigned depth)
{
	const char *name =
		json_string_value(json_object_iter_value(json_object_iter(item)));
	struct rte_tel_data *inner = container(item, depth + 1);
	char number[24];

	if (inner == NULL
		|| (name != NULL
			&& rte_tel_data_add_dict_container(d, name, inner, 0) == 0))
		return;
	snprintf(number, sizeof(number), "%zu", index);
	if (rte_tel_data_add_dict_container(d, number, inner, 0) != 0)
		rte_tel_data_free(inner);
}

/* @v, an object or an array of objects, into @d. */
static void
fill(struct rte_tel_data *d, const json_t *v, unsigned depth)
{
	const char *key;
	json_t *item;
	size_t i;

	rte_tel_data_start_dict(d);
	json_object_foreach ((json_t *)v, key, item)
		add_to_dict(d, key, item, depth);
	json_array_foreach (v, i, item)
		add_item(d, i, item, depth);
}

static struct rte_tel_data *
container(const json_t *v, unsigned depth)
{
	struct rte_tel_data *d = NULL;

	if ((json_is_object(v) || json_is_array(v)) && depth <= DEPTH_MAX)
		d = rte_tel_data_alloc();
	if (d != NULL)
		fill(d, v, depth);
	return d;
}

static json_t *
arguments(const char *params)
{
	json_t *args = json_pack("{s:b, s:b}", "all", 1, "per-core", 0);

	if (params != NULL && *params != '\0')
		json_object_set_new(args, "pattern", json_string(params));
	return args;
}

static int
answer(const char *path, const char *params, struct rte_tel_data *d)
{
	const struct source *s = sources;
	json_t *args = arguments(params), *data, *counters;
	struct ctl_reply r = {0};

	while (strcmp(s->path, path) != 0)
		s++;
	pthread_mutex_lock(&lock);
	if (gateway != NULL)
		ctl_run(gateway, s->command, args, &r);
	pthread_mutex_unlock(&lock);
	data = r.data;
	counters = json_object_get(data, "counters");
	if (data != NULL)
		fill(d, counters != NULL ? counters : data, 0);
	json_decref(data);
	json_decref(args);
	return data != NULL ? 0 : -1;
}

void
ctl_telemetry_forget(void)
{
	pthread_mutex_lock(&lock);
	gateway = NULL;
	pthread_mutex_unlock(&lock);
}

int
ctl_telemetry_register(struct ctl_gateway *g)
{
	pthread_mutex_lock(&lock);
	gateway = g;
	pthread_mutex_unlock(&lock);
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		if (rte_telemetry_register_cmd(sources[i].path, answer, sources[i].help)
			!= 0)
			return -1;
	return 0;
}
