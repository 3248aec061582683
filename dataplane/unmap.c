#include "dataplane/unmap.h"

#include "dataplane/vhost.h"

#include <rte_interrupts.h>
#include <rte_rcu_qsbr.h>

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct rte_rcu_qsbr *_Atomic workers; /* control: wo, interrupt thread: ro */

void
dp_unmap_guard(struct rte_rcu_qsbr *qsbr)
{
	atomic_store(&workers, qsbr);
}

__attribute__((used, visibility("default"))) int
munmap(void *addr, size_t len)
{
	struct rte_rcu_qsbr *q = atomic_load(&workers);

	dp_vhost_forget(addr, len);
	if (q != NULL && rte_thread_is_intr())
		rte_rcu_qsbr_synchronize(q, RTE_QSBR_THRID_INVALID);
	return (int)syscall(SYS_munmap, addr, len);
}
