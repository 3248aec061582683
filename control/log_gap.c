/* Do a log's segments follow on?  Where numbers do not, something has been taken away. */
#include "control/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

uint64_t
ctl_log_settled(const struct ctl_log_segment_info *info)
{
	uint64_t next = info->scan.committed_seq + 1;

	return next > info->header.first_seq ? next : info->header.first_seq;
}

/* The header behind ids[i]; files that the power took before they had one are nothing. */
static bool
next_header(struct ctl_io *io, const uint64_t *ids, int n, int i, struct ctl_log_head *h)
{
	int rc = -EBADMSG;

	while (rc == -EBADMSG && ++i < n) {
		rc = ctl_log_head(io, ids[i], h);
		if (rc == -EBADMSG && h->bytes > CTL_SEGMENT_HEADER)
			break; /* damage that is named itself */
	}
	return rc == 0;
}

/*
 * A segment that is whole was left behind an empty commit.  So if one ends with that and
 * the next one's name does not follow on, it is not this one's end that is missing.
 */
static bool
is_between(const struct ctl_log_segment_info *info, const struct ctl_segment *next)
{
	return info->scan.proved && info->tail == 0 && next->id != info->id + 1;
}

bool
ctl_log_gap(struct ctl_io *io, const uint64_t *ids, int n, int i,
	const struct ctl_log_segment_info *info, struct ctl_log_gap *gap)
{
	uint64_t from = ctl_log_settled(info), to;
	struct ctl_log_head next;
	bool between;

	if (!info->readable || !next_header(io, ids, n, i, &next)
		|| next.header.skipped == 0)
		return false;
	to = next.header.first_seq - next.header.skipped;
	if (from > to)
		return false;
	between = is_between(info, &next.header);
	gap->segment = between ? info->id + 1 : info->id;
	gap->damage = (struct ctl_damage){
		.offset = between ? 0 : info->scan.end,
		.len = between ? 0 : info->tail,
		.reason = gap->reason,
	};
	snprintf(gap->reason, sizeof(gap->reason),
		"%ssequence numbers %" PRIu64 " to %" PRIu64 " are missing",
		between          ? "the segment is not there: "
		: info->tail > 0 ? "no commit follows, and this is not the last segment: "
				 : "",
		from, to);
	return true;
}
