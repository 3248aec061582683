/* Values that changed, queued until all their observers have been told: a relation at a
 * time, so that a value with many of them stops nobody. */
#include "dataplane/observers_internal.h"

/* Queue the value that @head is the first relation of; false if the queue is full. */
static bool
enqueue(struct dp_observers *t, uint32_t head)
{
	struct dp_relation *r = relation_of(t, head);

	if (r->flags & QUEUED)
		return true;
	if (t->tail - t->head == QUEUE)
		return false;
	r->flags |= QUEUED;
	t->queue[t->tail++ % QUEUE] = (struct key){r->value, r->home};
	return true;
}

void
dp_observers_changed_all(struct dp_observers *t)
{
	t->sweeping = true;
	t->sweep = 0;
}

static bool
news(struct dp_observers *t, uint8_t home, uint32_t value, uint8_t flags)
{
	uint32_t head = dp_observers_of_value(t, home, value);

	if (head == DP_NONE)
		return false;
	relation_of(t, head)->flags |= flags;
	if (!enqueue(t, head))
		dp_observers_changed_all(t);
	return true;
}

bool
dp_observers_changed(struct dp_observers *t, uint8_t home, uint32_t value)
{
	return news(t, home, value, 0);
}

bool
dp_observers_forget(struct dp_observers *t, uint8_t home, uint32_t value)
{
	return news(t, home, value, FORGOTTEN);
}

bool
dp_observers_sweep(struct dp_observers *t)
{
	for (unsigned n = 0; n < QUEUE && t->sweeping; n++) {
		uint32_t id = t->sweep;

		if (id >= t->fresh)
			t->sweeping = false;
		else if ((relation_of(t, id)->flags & ATTACHED)
			 && relation_of(t, id)->prev == 0 && !enqueue(t, id))
			return true; /* on from here once there is room */
		t->sweep++;
	}
	return t->sweeping;
}

/* Begin with the queue's first value; news of it from here on queues it again. */
static void
begin(struct dp_observers *t)
{
	struct key k = t->queue[t->head++ % QUEUE];
	uint32_t head = dp_observers_of_value(t, k.home, k.value);
	struct dp_relation *r;

	t->step = head + 1;
	if (head == DP_NONE)
		return;
	r = relation_of(t, head);
	t->forget = r->flags & FORGOTTEN;
	r->flags &= (uint8_t)~OF_HEAD;
}

uint32_t
dp_observers_step(struct dp_observers *t, bool *forget)
{
	uint32_t id;

	while (t->step == 0 && t->head != t->tail)
		begin(t);
	if (t->step == 0)
		return DP_NONE;
	id = t->step - 1;
	t->step = relation_of(t, id)->next;
	*forget = t->forget;
	return id;
}
