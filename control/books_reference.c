/* docs/counters.md, made from the table of counters. */
#include "control/books.h"

static const struct account {
	enum dp_account account;
	const char *name, *text;
} accounts[] = {
	{DP_A_FRAME, "frames", "A frame was read from a port"},
	{DP_A_CONSUMED, "consumed", "A frame had its use and is no request"},
	{DP_A_FDROP, "dropped frames",
		"A frame was dropped before it was known to be a request"},
	{DP_A_REQUEST, "requests", "A frame was a request"},
	{DP_A_EXEC, "executed", "A request was executed"},
	{DP_A_DUP, "duplicates", "A request was a duplicate, and was not executed again"},
	{DP_A_REFUSED, "refused",
		"A request was refused before it ran, by the code of the answer"},
	{DP_A_RDROP, "dropped requests", "A request was dropped without an answer"},
	{DP_A_ANSWERED, "answered", "An executed request was answered"},
	{DP_A_SUPPRESSED, "suppressed", "An executed request got no answer"},
	{DP_A_ACCEPTED, "accepted", "A stream took a record"},
	{DP_A_DELIVERED, "delivered", "A record is as safe as its stream promises"},
	{DP_A_LOST, "lost", "A record was taken and not delivered"},
	{DP_A_INFO, "on no account", "What else is worth knowing"},
};

static void
print_account(FILE *out, const struct account *a)
{
	fprintf(out, "\n## %c%s\n\n%s.\n\n| counter | meaning |\n|---|---|\n",
		a->name[0] - 'a' + 'A', a->name + 1, a->text);
	for (unsigned i = 0; i < DP_COUNTER_COUNT; i++)
		if (dp_counter_defs[i].account == a->account)
			fprintf(out, "| `%s` | %s |\n", dp_counter_defs[i].name,
				dp_counter_defs[i].text);
}

void
ctl_books_reference(FILE *out)
{
	const uint64_t none[DP_COUNTER_COUNT] = {0};
	const struct ctl_pending rest = {0};
	struct ctl_identity books[CTL_BOOKS];

	fputs("# Counters\n\n"
	      "Each worker counts for itself; `tidegatectl stats` shows the sums, "
	      "`tidegatectl drops` what was dropped,\n"
	      "refused or lost. Every counter stands on one account. Whenever traffic "
	      "rests "
	      "the books close, and\n"
	      "`tidegatectl stats --check` says whether they do:\n\n",
		out);
	ctl_books(none, &rest, books);
	for (unsigned i = 0; i < CTL_BOOKS; i++)
		fprintf(out, "    %s\n", books[i].text);
	fputs("\n*Pending* are fragments that wait for others, writes at their value's "
	      "home, and answers and records that\n"
	      "wait for the log. There is "
	      "no "
	      "counter for the rest, and none is\n"
	      "the difference of others. This page is made by `tidegated --counters`.\n",
		out);
	for (size_t i = 0; i < sizeof(accounts) / sizeof(accounts[0]); i++)
		print_account(out, &accounts[i]);
}
