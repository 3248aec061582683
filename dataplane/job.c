#include "dataplane/job.h"

#include "dataplane/copy.h"

/* Bytes behind the structs: what was read, and a message with what came of it, which who
 * logs it reads on behind: dp_copy_over(). */
static size_t
bytes_of_one(uint32_t cap)
{
	return DP_JOB_HEAD_MAX + 2 * (size_t)cap + DP_COPY_OVER;
}

size_t
dp_jobs_size(uint32_t cap)
{
	return DP_JOBS * (sizeof(struct dp_job) + bytes_of_one(cap));
}

void
dp_jobs_init(void *block, uint32_t cap, struct dp_job *job[DP_JOBS])
{
	struct dp_job *all = block;
	uint8_t *bytes = (uint8_t *)(all + DP_JOBS);

	for (unsigned i = 0; i < DP_JOBS; i++, bytes += bytes_of_one(cap)) {
		job[i] = all + i;
		all[i].cap = cap;
		all[i].text = bytes;
		all[i].message = bytes + cap;
	}
}
