/* Groups of receivers that the gateway is one of. */
#pragma once

#include "tests/dp_fixture.h"

static const struct to {
	const char *name;
	bool v6;
	uint8_t dst[16], mac[6];
} tos[] = {
	{"all CoAP nodes, IPv4", false, {224, 0, 1, 187}, {1, 0, 0x5e, 0, 1, 187}},
	{"broadcast", false, {255, 255, 255, 255}, {255, 255, 255, 255, 255, 255}},
	{"the subnet's broadcast", false, {198, 19, 255, 255},
		{255, 255, 255, 255, 255, 255}},
	{"all CoAP nodes, link", true, {0xff, 2, [15] = 0xfd},
		{0x33, 0x33, 0, 0, 0, 0xfd}},
	{"all CoAP nodes, site", true, {0xff, 5, [15] = 0xfd},
		{0x33, 0x33, 0, 0, 0, 0xfd}},
};

static inline struct flow
flow_to(const struct to *t)
{
	struct flow w = t->v6 ? gw.v6 : gw.v4;

	memcpy(w.dst, t->dst, sizeof(w.dst));
	memcpy(w.dst_mac, t->mac, sizeof(w.dst_mac));
	return w;
}
