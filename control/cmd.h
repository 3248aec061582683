/*
 * What the gateway's commands share; each is one function in a cmd_*.c.
 *
 * Threads.  Whoever holds the gateway's lock: the control thread, or telemetry's.
 */
#pragma once

#include "coap/endpoint.h"
#include "control/command_table.h"
#include "control/gateway.h"

#define CTL_CMD(name_, args_, help_, fields_, handler)                                   \
	void handler(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r);
#define CTL_NOT_HERE(name_, args_, help_, fields_, function_)
CTL_COMMANDS(CTL_CMD, CTL_NOT_HERE)
#undef CTL_CMD
#undef CTL_NOT_HERE

/* One reply of a long list: so many items, found among so many. */
#define CMD_PAGE 1000
#define CMD_SCAN 16384

/* Answer with an error instead of data. */
void cmd_refuse(struct ctl_reply *r, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void cmd_set(json_t *o, const char *key, uint64_t v);
/* Text that may hold any bytes: what is not UTF-8 is shown byte by byte. */
json_t *cmd_text(const char *s, size_t len);
/* "198.18.0.2:5683" or "[2001:2::2]:5683" in @to, which it returns; @port in host order.
 */
const char *cmd_endpoint(
	char to[TG_ENDPOINT_TEXT], const uint8_t addr[16], uint16_t port);
/* An argument, or NULL. */
const char *cmd_string(const json_t *args, const char *key);
bool cmd_flag(const json_t *args, const char *key);
/* A number, given as one or as its text; @absent if it is not there or none. */
uint64_t cmd_number(const json_t *args, const char *key, uint64_t absent);

/* "198.18.0.2", "198.18.0.2:5683", "2001:2::2" or "[2001:2::2]:5683"; without a port
 * port_be is 0.  False: it is none of them. */
bool cmd_peer(const char *text, struct dp_peer_key *key);
/* Where the device is now; zeros: nowhere. */
void cmd_device_at(
	const struct ctl_gateway *g, const char *name, struct dp_peer_key *key);

/* ---- trace --pcapng (cmd_capture.c); the connection holds what is armed ---- */

/* Arm what @args say. */
void cmd_capture_arm(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r);
/* Frames that were copied since the last time; "stop": there shall be no more. */
void cmd_capture_frames(struct ctl_gateway *g, const json_t *args, struct ctl_reply *r);
