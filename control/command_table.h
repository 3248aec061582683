/*
 * Every command, listed once: the gateway's dispatch, the CLI, its help and docs/cli.md are
 * made from this table.
 *
 *   REMOTE(name, arguments, help, handler)  the gateway answers it
 *   LOCAL(name, arguments, help)            tidegatectl does it, with or without a gateway
 */
#pragma once

#define CTL_COMMANDS(REMOTE, LOCAL)                                                            \
	REMOTE("status", "", "what the gateway is and how it does", cmd_status)                 \
	REMOTE("stats", "[PATTERN] [--all] [--per-core] [--rate S] [--check]",                  \
		"counters; --rate: a second's worth, every S seconds; --check: do the books close", \
		cmd_stats)                                                                      \
	REMOTE("stats check", "", "do the books close", cmd_check)                              \
	REMOTE("drops", "[--all]", "what was dropped, refused or lost, by reason", cmd_drops)   \
	REMOTE("latency", "", "from a frame read to its answer given to the port", cmd_latency) \
	REMOTE("cores", "", "workers and how busy they are", cmd_cores)                         \
	REMOTE("ports", "", "ports and their counters", cmd_ports)                              \
	REMOTE("mem", "", "memory by table, and in all", cmd_mem)                               \
	REMOTE("devices count", "", "how many devices are known", cmd_devices_count)            \
	REMOTE("devices list", "[PATTERN] [--limit N]", "devices", cmd_devices_list)            \
	REMOTE("devices show", "DEVICE", "one device", cmd_devices_show)                        \
	REMOTE("devices kick", "DEVICE", "forget a device and its endpoint", cmd_devices_kick)  \
	REMOTE("store get", "PATH", "the value stored at a path", cmd_store_get)                \
	REMOTE("store ls", "[PATTERN] [--limit N]", "stored values", cmd_store_ls)              \
	LOCAL("log ls", "[--dir DIR]", "segments of the log")                                   \
	LOCAL("log verify", "[--dir DIR]", "read everything, name what cannot be read")         \
	LOCAL("log cat", "[STREAM] [--from SEQ] [--dir DIR]",                                   \
		"records; with --json an object a line")                                        \
	REMOTE("log trim", "--before SEQ [--dir DIR]",                                          \
		"delete segments whose records are all older", cmd_log_trim)                    \
	LOCAL("conf check", "FILE", "check a configuration file (as tidegated -t does)")        \
	REMOTE("conf show", "", "the running configuration's file", cmd_conf_show)              \
	REMOTE("conf reload", "", "load the configuration file anew", cmd_conf_reload)          \
	REMOTE("clear counters", "", "count from here; the workers' own are never zeroed",      \
		cmd_clear)                                                                      \
	LOCAL("top", "[--count N]", "live view; with --json one sample")                        \
	REMOTE("drain", "", "refuse new requests and finish what is pending", cmd_drain)        \
	REMOTE("stop", "", "drain and end", cmd_stop)                                           \
	LOCAL("decode", "HEX... | -", "datagrams as objects, one a line; needs no gateway")     \
	LOCAL("encode",                                                                         \
		"[-m METHOD] [-t con|non] [--mid N] [--token HEX] [-O NUM,HEX]... [-e TEXT] URI", \
		"a request as hex; needs no gateway")                                           \
	LOCAL("help", "[COMMAND]", "this, or one command")                                      \
	LOCAL("version", "", "version")
