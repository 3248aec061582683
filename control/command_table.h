/*
 * Every command, listed once: the gateway's dispatch, the CLI, its grammar, its help and
 * docs/cli.md are made from this table.
 *
 *   REMOTE(name, arguments, help, fields, handler)  the gateway answers it
 *   LOCAL(name, arguments, help, fields, function)  tidegatectl does it, with or without
 * one
 *
 * `arguments` is a grammar as well: WORD must be there, [WORD] may, WORD... may be
 * several;
 * [--flag], [--option VALUE] and a single-letter option alike.  --json, --socket PATH and
 * --help go with every command and are not listed.  What a value is called says what it
 * may be: N, SEQ, SECONDS and SZX are numbers, S is seconds, a PATH begins with a slash.
 * `fields` says what --json prints.
 */
#pragma once

/* What asking a device takes, without a payload and with one; and what it says. */
#define CTL_ASK "[-t con|non] [-a N] [-b SZX] [-O NUM,HEX]... [--timeout S]"
#define CTL_ASK_WITH CTL_ASK " [-c N] [-e TEXT] [-f FILE]"
#define CTL_ANSWER                                                                       \
	"outcome, code, name, options [{number, name, hex, value}], payload (hex), "     \
	"elapsed_ms"

/* How JSON shows numbers that are not whole: more digits are noise. */
#define CTL_JSON_REAL JSON_REAL_PRECISION(9)

#define CTL_COMMANDS(REMOTE, LOCAL)                                                      \
	REMOTE("status", "", "what the gateway is and how it does",                      \
		"version, pid, state (running, draining), uptime_s, config, workers, "   \
		"ports, "                                                                \
		"hugepages, devices, values, peers, pending_answers, pending_records, "  \
		"reloads, failed_reloads, last_reload (why the last one failed), "       \
		"restored, "                                                             \
		"restored_values, restore_shortfall, log {dir, records, bytes, "         \
		"commits, "                                                              \
		"failures, segments, trimmed, cut_early, kept, values_bytes, "           \
		"retention, sync_us_max, sync_us_mean, "                                 \
		"last_error, "                                                           \
		"cut_bytes, damages, unread_segments, recovery}",                        \
		cmd_status)                                                              \
	REMOTE("stats",                                                                  \
		"[PATTERN] [--all] [--per-core] [--rate S] [--count N] [--check]",       \
		"counters that are not zero, or --all, or those that match PATTERN (a "  \
		"glob, "                                                                 \
		"or part of a name); --rate: what they grow by a second, every S "       \
		"seconds "                                                               \
		"until Ctrl-C or N times (with --json once); --check: do the books "     \
		"close, "                                                                \
		"exit code 5 if not",                                                    \
		"counters {NAME: number}, with --per-core per_core [{NAME: number}]; "   \
		"with "                                                                  \
		"--rate {NAME: number} a line, with both {rates {NAME: number}, "        \
		"per_core [{NAME: number}]}; with --check closes, at_rest, "             \
		"pending_frames, pending_requests, pending_answers, "                    \
		"pending_records, accounts [{account, identity, left, "                  \
		"right, closes}]",                                                       \
		cmd_stats)                                                               \
	REMOTE("drops", "[--all]", "what was dropped, refused or lost, by reason",       \
		"[{reason, count, text}]", cmd_drops)                                    \
	REMOTE("latency", "", "from a frame read to its answer given to the port",       \
		"answers, mean_us, p50_us, p90_us, p99_us, p999_us, max_us",             \
		cmd_latency)                                                             \
	REMOTE("cores", "", "workers and how busy they are",                             \
		"[{worker, core, busy (0 to 1), loops, busy_loops, cycles, "             \
		"busy_cycles, "                                                          \
		"rx_cycles, tx_cycles, peers, devices, values, dedup_extensions, "       \
		"pending_answers, pending_records, logring_used, logring_size}]",        \
		cmd_cores)                                                               \
	REMOTE("ports", "", "ports and their own counters",                              \
		"[{name, driver, at, mac, up, rx_queues, tx_queues, rx_packets, "        \
		"tx_packets, "                                                           \
		"rx_bytes, tx_bytes, rx_missed, rx_errors, tx_errors, rx_no_buffer}]",   \
		cmd_ports)                                                               \
	REMOTE("mem", "", "memory by table, and in all",                                 \
		"tables [{table, bytes, entries, used}], tables_bytes, devices_max, "    \
		"bytes_per_device, rss_bytes, hugetlb_bytes, allocator, "                \
		"malloc_allocated_bytes, malloc_resident_bytes",                         \
		cmd_mem)                                                                 \
	REMOTE("devices count", "", "how many devices are known", "devices, max",        \
		cmd_devices_count)                                                       \
	REMOTE("devices list", "[PATTERN] [--limit N]",                                  \
		"devices that match PATTERN (a glob); 100 of them, or N, or with 0 all", \
		"[{device, heard_s_ago, messages, bytes, worker, endpoint}]",            \
		cmd_devices_list)                                                        \
	REMOTE("devices show", "DEVICE", "one device",                                   \
		"device, heard_s_ago, messages, bytes, worker, endpoint",                \
		cmd_devices_show)                                                        \
	REMOTE("devices kick", "DEVICE", "forget a device and its endpoint", "device",   \
		cmd_devices_kick)                                                        \
	REMOTE("observers count", "", "how many observe", "observers, max",              \
		cmd_observers_count)                                                     \
	REMOTE("observers list", "[PATTERN] [--limit N]",                                \
		"who observes what has a path that matches PATTERN (a glob, or how it "  \
		"begins); 100 of them, or N, or with 0 all",                             \
		"[{path, endpoint, token (hex), observe, since_con, in_flight, "         \
		"worker}]",                                                              \
		cmd_observers_list)                                                      \
	REMOTE("store get", "PATH", "the value stored at a path",                        \
		"path, content_format, etag, size, age_s, payload (hex)", cmd_store_get) \
	REMOTE("store ls", "[PATTERN] [--limit N]",                                      \
		"stored values whose path matches PATTERN (a glob, or how it begins); "  \
		"100 "                                                                   \
		"of them, or N, or with 0 all",                                          \
		"[{path, content_format, etag, size, age_s}]", cmd_store_ls)             \
	LOCAL("log ls", "[--dir DIR]", "segments of the log",                            \
		"[{segment, bytes, records, kept (older ones, written again), "          \
		"first_seq, last_seq, commits, tail_bytes, "                             \
		"damages, readable}]",                                                   \
		cli_log_ls)                                                              \
	LOCAL("log verify", "[--dir DIR]",                                               \
		"read everything and name what cannot be read; exit code 5 if there is " \
		"anything",                                                              \
		"records, kept, damages [{segment, offset, bytes, reason}], whole",      \
		cli_log_verify)                                                          \
	LOCAL("log cat", "[STREAM] [--from SEQ] [--dir DIR]",                            \
		"records of a stream, or of all; exit code 1 if some cannot be read, "   \
		"or "                                                                    \
		"there is no such stream",                                               \
		"a line each: seq, time_ns, stream, device, path, source, local, type, " \
		"code, "                                                                 \
		"mid, token (hex), content_format, payload (hex), kept (an older one, "  \
		"written again with its own number and time)",                           \
		cli_log_cat)                                                             \
	REMOTE("log trim", "--before SEQ [--dir DIR]",                                   \
		"delete segments all of whose records are older; current values of "     \
		"stores are kept",                                                       \
		"segments", cmd_log_trim)                                                \
	LOCAL("conf check", "FILE", "check a configuration file, as tidegated -t does",  \
		"file, good", cli_conf_check)                                            \
	REMOTE("conf show", "", "the configuration in force, defaults too",              \
		"file, reloads, config (as docs/configuration.md has it)",               \
		cmd_conf_show)                                                           \
	REMOTE("conf reload", "",                                                        \
		"load the configuration file anew, whole or not at all",                 \
		"file, reloads", cmd_conf_reload)                                        \
	REMOTE("param", "[NAME] [VALUE] [--route PATH]",                                 \
		"transmission parameters, or one of them, derived ones too, or set one " \
		"until the next "                                                        \
		"reload; of a route: `inherited` gives it up",                           \
		"NAME: value, as docs/configuration.md has it; all of them with "        \
		"derived {max_transmit_span, max_transmit_wait, max_rtt, "               \
		"exchange_lifetime, non_lifetime}",                                      \
		cmd_param)                                                               \
	REMOTE("trace",                                                                  \
		"[--peer ADDRESS] [--device DEVICE] [--token HEX] [--path PATH] [-c N] " \
		"[--last SECONDS] [--pcapng FILE] [--seconds S]",                        \
		"the last 100 messages, or N, or all of the last seconds, as the "       \
		"workers' flight recorders have them; --pcapng: whole copies of the "    \
		"frames "                                                                \
		"that match, those heard and those sent, from now on into FILE (- is "   \
		"standard "                                                              \
		"output), until Ctrl-C, N frames or S seconds, an hour at most. "        \
		"--token: one of up to 64 bytes; a recorder has of one over eight "      \
		"the length and the first six to eight, and compares those",             \
		"[{time_ns, worker, verb (heard, sent), peer, type, code, mid, token "   \
		"(hex; of one over eight bytes the first six to eight), token_bytes, "   \
		"verdict (the answer's code, the counter it was dropped under, later, "  \
		"sent)}]; "                                                              \
		"with --pcapng file, frames, bytes (of the file), lost (frames that "    \
		"there was no "                                                          \
		"room for)",                                                             \
		cmd_trace)                                                               \
	REMOTE("clear counters", "",                                                     \
		"count and measure from here; the workers' own are never zeroed", "{}",  \
		cmd_clear)                                                               \
	LOCAL("top", "[--count N]",                                                      \
		"live view, a second a page, until Ctrl-C or N times (with --json "      \
		"once)",                                                                 \
		"a line each: status, rates {NAME: number}, latency, cores", cli_top)    \
	REMOTE("drain", "",                                                              \
		"refuse new requests, finish what is pending and hear it acknowledged",  \
		"drained", cmd_drain)                                                    \
	REMOTE("stop", "", "drain and end", "{}", cmd_stop)                              \
	LOCAL("decode", "[--text] [--extended-tokens] HEX...",                           \
		"datagrams as objects, one a line; - reads them from standard input, a " \
		"line "                                                                  \
		"each; --text: as lines for people; over 65535 bytes is too-long: "      \
		"no UDP datagram is",                                                    \
		"a line each: valid, and if valid type, code, mid, token (hex), "        \
		"options "                                                               \
		"[{number, name, hex, value}], payload (hex), else verdict",             \
		cli_decode)                                                              \
	LOCAL("encode",                                                                  \
		"[-m METHOD] [-t con|non] [--mid N] [--token HEX] [--extended-tokens] "  \
		"[-O NUM,HEX]... [-e TEXT] URI",                                         \
		"a request as hex; -O adds an option, NUM alone an empty one, -e a "     \
		"payload",                                                               \
		"hex", cli_encode)                                                       \
	LOCAL("get", CTL_ASK " URI",                                                     \
		"GET a resource of a device or of a gateway, over UDP; a body in "       \
		"blocks is put together; exit code 1 if the answer is no success, 4 if " \
		"there is none",                                                         \
		CTL_ANSWER, cli_get)                                                     \
	LOCAL("put", CTL_ASK_WITH " URI",                                                \
		"PUT what -e or -f has, in blocks if it is long", CTL_ANSWER, cli_put)   \
	LOCAL("post", CTL_ASK_WITH " URI", "POST it", CTL_ANSWER, cli_post)              \
	LOCAL("delete", CTL_ASK " URI", "DELETE a resource", CTL_ANSWER, cli_delete)     \
	LOCAL("fetch", CTL_ASK_WITH " URI", "FETCH a part of a resource", CTL_ANSWER,    \
		cli_fetch)                                                               \
	LOCAL("patch", CTL_ASK_WITH " URI", "PATCH a resource", CTL_ANSWER, cli_patch)   \
	LOCAL("ipatch", CTL_ASK_WITH " URI", "iPATCH a resource", CTL_ANSWER,            \
		cli_ipatch)                                                              \
	LOCAL("observe", CTL_ASK " [--count N] [--seconds S] URI",                       \
		"observe a resource until Ctrl-C, N notifications or S seconds",         \
		"a line each: as get", cli_observe)                                      \
	LOCAL("ping", "[--timeout S] URI",                                               \
		"an empty message, which is answered with a reset",                      \
		"outcome, elapsed_ms", cli_ping)                                         \
	LOCAL("help", "[COMMAND]... [--markdown]", "this, or what begins with COMMAND",  \
		"[{command, arguments, help, fields}]", cli_help)                        \
	LOCAL("version", "", "version", "version", cli_version)
