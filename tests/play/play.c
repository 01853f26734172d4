// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * play DESCRIPTION MEMORY SEED COUNT     play COUNT sequences of events, each from the load on
 * play DESCRIPTION MEMORY EVENT...       play this one
 * play DESCRIPTION MEMORY damage SEED COUNT   in COUNT sequences, bytes of each segment are changed
 * play DESCRIPTION MEMORY missed SEED COUNT   the last event finds the lock taken: a CPU that
 *                                             crashes may not be in the tree
 *
 * Each sequence ends in a crash. Prints one line and ends with status 0 when all were captured;
 * else the shortest part of the sequence that goes wrong, as words for a second call, and status
 * 1. Status 2: the files or the arguments are no good.
 */
#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/play/play.h"

#define MOST_EVENTS 24
#define CORE_GROWTH 256 /* bytes of a property that a node gets after a migration */

/* What happens, and to which: the number is taken modulo what there is. */
enum kind { CORE, THREAD, MEMORY, MIGRATE, LOCK, ALL_CORES, ALL_MEMORY, CRASH, KINDS };

static const char *const kind_names[KINDS] = {
	[CORE] = "core",
	[THREAD] = "thread",
	[MEMORY] = "memory",
	[MIGRATE] = "migrate",
	[LOCK] = "lock",
	[ALL_CORES] = "all-cores",
	[ALL_MEMORY] = "all-memory",
	[CRASH] = "crash",
};

struct event {
	enum kind kind;
	unsigned int number;
};

static char said[512];

bool wrong(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!*said)
		vsnprintf(said, sizeof(said), format, args);
	va_end(args);
	return false;
}

/* --- what becomes of an event --- */

static size_t count_online(const struct world *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_cpus; i++)
		n += w->now.cpus[i].online;
	return n;
}

/* Do CPUs @a and @b come and go together? */
static bool same_core(const struct world *w, size_t a, size_t b)
{
	return a == b || (w->now.cpus[a].core >= 0 && w->now.cpus[a].core == w->now.cpus[b].core);
}

static bool set_online(struct world *w, size_t cpu, bool online)
{
	if (w->now.cpus[cpu].online == online)
		return true;
	w->now.cpus[cpu].online = online;
	return kernel_cpu_event(w, online);
}

/* Its threads are offline before it goes, and its node is there before they are online. */
static bool set_core(struct world *w, size_t cpu, bool present)
{
	size_t left = count_online(w);
	bool ok = true;

	for (size_t i = 0; i < w->n_cpus; i++)
		left -= same_core(w, cpu, i) && w->now.cpus[i].online;
	if (!present && !left)
		return true;
	for (size_t i = 0; i < w->n_cpus && ok && !present; i++)
		ok = !same_core(w, cpu, i) || set_online(w, i, false);
	for (size_t i = 0; i < w->n_cpus; i++)
		if (same_core(w, cpu, i))
			w->now.cpus[i].present = present;
	for (size_t i = 0; i < w->n_cpus && ok && present; i++)
		ok = !same_core(w, cpu, i) || set_online(w, i, true);
	return ok;
}

static bool set_thread(struct world *w, size_t cpu)
{
	const struct cpu *c = &w->now.cpus[cpu];

	if (!c->present || (c->online && count_online(w) == 1))
		return true;
	return set_online(w, cpu, !c->online);
}

static bool set_memory(struct world *w, struct slot *s, bool present)
{
	if (!present) {
		bool ok = kernel_memory_event(w, false, s->range);

		s->present = false;
		return ok;
	}
	s->present = true;
	if (excess_ranges(w)) { /* nobody has promised anything about these */
		s->present = false;
		return true;
	}
	return kernel_memory_event(w, true, s->range);
}

/* As much as the kernel was built for; what it writes each time is overwritten the next time. */
static bool add_all_memory(struct world *w)
{
	size_t n = w->n_slots, excess;

	for (size_t i = 0; i < n; i++)
		w->now.slots[i].present = true;
	/* Slots that touch are one range, so that this many are not too many. */
	while ((excess = excess_ranges(w)) && n) {
		for (size_t i = 0; i < excess && n; i++)
			w->now.slots[--n].present = false;
	}
	return !w->n_slots || kernel_memory_event(w, true, (struct range){ 0, 0 });
}

static bool add_all_cores(struct world *w)
{
	bool ok = true;

	for (size_t i = 0; i < w->n_cpus && ok; i++)
		ok = set_core(w, i, true);
	return ok;
}

static bool happens(struct world *w, const struct event *e)
{
	size_t cpu = e->number % w->n_cpus;
	struct slot *slot = w->n_slots ? &w->now.slots[e->number % w->n_slots] : NULL;

	switch (e->kind) {
	case CORE:
		return set_core(w, cpu, !w->now.cpus[cpu].present);
	case THREAD:
		return set_thread(w, cpu);
	case MEMORY:
		return !slot || set_memory(w, slot, !slot->present);
	case MIGRATE:
		w->now.grown = 1 + (int)(e->number % CORE_GROWTH);
		return true;
	case LOCK:
		w->now.locked = true;
		return true;
	case ALL_CORES:
		return add_all_cores(w);
	case ALL_MEMORY:
		return add_all_memory(w);
	default:
		return true;
	}
}

/* Whatever the kernel has missed, the next event of that kind makes good. */
static bool settle(struct world *w)
{
	bool ok = true;

	w->now.locked = false;
	if (w->now.missed_memory)
		ok = kernel_memory_event(w, true, (struct range){ 0, 0 });
	if (ok && w->now.missed_cpu)
		ok = kernel_cpu_event(w, true);
	return ok;
}

static size_t online_cpu(const struct world *w, unsigned int number)
{
	size_t i = 0;

	for (number %= (unsigned int)count_online(w);; i++)
		if (w->now.cpus[i].online && !number--)
			return i;
}

static bool plays(struct world *w, const struct event *e, size_t n)
{
	unsigned int cpu = 0;
	bool ok = true;

	*said = 0;
	world_reset(w);
	for (size_t i = 0; i < n && ok; i++) {
		ok = happens(w, &e[i]);
		if (e[i].kind == CRASH)
			cpu = e[i].number;
	}
	return ok && settle(w) && crash(w, online_cpu(w, cpu));
}

/* --- sequences --- */

/* splitmix64 */
static uint64_t random_number(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static size_t make_events(uint64_t seed, struct event *e)
{
	/* Filling up is rare: it leaves little to come. */
	static const enum kind often[] = { CORE,   CORE,   CORE,   THREAD,  THREAD,
					   MEMORY, MEMORY, MEMORY, MIGRATE, LOCK };
	uint64_t state = seed;
	size_t n = random_number(&state) % MOST_EVENTS;

	for (size_t i = 0; i < n; i++) {
		uint64_t pick = random_number(&state) % 64;

		e[i].kind = pick == 0 ? ALL_CORES : pick == 1 ? ALL_MEMORY : often[pick % 10];
		e[i].number = (unsigned int)(random_number(&state) >> 40);
	}
	e[n] = (struct event){ CRASH, (unsigned int)(random_number(&state) >> 40) };
	return n + 1;
}

/* Leave out one event after another, as long as it goes wrong without. */
static size_t shrink(struct world *w, struct event *e, size_t n)
{
	struct event without[MOST_EVENTS + 1];

	for (size_t i = 0; i < n;) {
		memcpy(without, e, i * sizeof(*e));
		memcpy(without + i, e + i + 1, (n - i - 1) * sizeof(*e));
		if (plays(w, without, n - 1)) {
			i++;
			continue;
		}
		memcpy(e, without, --n * sizeof(*e));
		i = 0;
	}
	return n;
}

static int explain(struct world *w, struct event *e, size_t n)
{
	n = shrink(w, e, n);
	plays(w, e, n);
	printf("%s:", said);
	for (size_t i = 0; i < n; i++)
		printf(" %s=%u", kind_names[e[i].kind], e[i].number);
	printf("%s\n", n ? "" : " as it was loaded");
	return 1;
}

static bool plays_until_crash(struct world *w, const struct event *e, size_t n, size_t *cpu)
{
	bool ok = true;

	*said = 0;
	world_reset(w);
	for (size_t i = 0; i < n && ok; i++)
		ok = happens(w, &e[i]);
	*cpu = online_cpu(w, e[n - 1].number);
	return ok && settle(w);
}

/* --- damage --- */

#define MOST_BYTES 64

/* One byte, or up to so many in a row; and what they were before. */
static size_t change_bytes(uint64_t *state, uint8_t *at, uint64_t room, uint8_t *before)
{
	size_t n = random_number(state) % 4 ? 1 : 1 + random_number(state) % MOST_BYTES;

	n = n < room ? n : room;
	memcpy(before, at, n);
	for (size_t i = 0; i < n; i++)
		at[i] ^= (uint8_t)(1 + random_number(state) % 255);
	return n;
}

static enum outcome damage_one(struct world *w, uint64_t seed, struct segment *s, const char *name)
{
	uint8_t before[MOST_BYTES];
	struct event e[MOST_EVENTS + 1];
	size_t cpu, bytes, n = make_events(seed, e);
	uint64_t state = ~seed, used, at;
	enum outcome outcome;

	/* Each other one as it was loaded. */
	if (seed % 2) {
		e[0] = e[n - 1];
		n = 1;
	}
	if (!plays_until_crash(w, e, n, &cpu))
		errx(2, "%s", said);
	used = segment_used(w, s);
	at = random_number(&state) % used;
	bytes = change_bytes(&state, s->bytes + at, used - at, before);
	outcome = crash_damaged(w, cpu, name);
	if (!may_change(w, s))
		memcpy(s->bytes + at, before, bytes);
	return outcome;
}

/* A line for each segment: its name, and how often each outcome. */
static int damage(struct world *w, uint64_t seed, uint64_t count)
{
	for (size_t i = 0; i < w->n_segments; i++) {
		const char *found = segment_name(w, &w->segments[i]);
		uint64_t times[OUTCOMES] = { 0 };
		char name[16];

		snprintf(name, sizeof(name), "%s", found ? found : "?");
		for (uint64_t k = 0; k < count; k++)
			times[damage_one(w, seed + k, &w->segments[i], name)]++;
		printf("%s %lu %lu %lu %lu\n", name, times[REFUSED], times[MENDED],
		       times[UNNOTICED], times[SILENT]);
	}
	return 0;
}

/* A CPU comes, and crashes before the kernel has put it into the tree. */
static int missed(struct world *w, uint64_t seed, uint64_t count)
{
	uint64_t mended = 0, there = 0;

	for (uint64_t k = 0; k < count; k++) {
		struct event e[MOST_EVENTS + 1];
		size_t cpu, n = make_events(seed + k, e);
		enum outcome outcome;

		if (!plays_until_crash(w, e, n, &cpu))
			errx(2, "%s", said);
		for (cpu = 0; cpu < w->n_cpus && w->now.cpus[cpu].present; cpu++)
			;
		if (cpu == w->n_cpus)
			continue;
		w->now.cpus[cpu].present = w->now.cpus[cpu].online = true;
		outcome = crash_damaged(w, cpu, "fdt");
		mended += outcome == MENDED;
		there += outcome == UNNOTICED; /* its node is that of another thread */
		if (outcome == SILENT) {
			printf("sequence %lu: %s\n", k, said);
			return 1;
		}
	}
	printf("%lu mended, %lu with a thread that was there\n", mended, there);
	return 0;
}

static int play_many(struct world *w, uint64_t seed, uint64_t count)
{
	struct event e[MOST_EVENTS + 1];
	uint64_t events = 0;

	for (uint64_t i = 0; i < count; i++) {
		size_t n = make_events(seed + i, e);

		events += n - 1;
		if (!plays(w, e, n)) {
			printf("sequence %lu of %lu: ", i, count);
			return explain(w, e, n);
		}
	}
	printf("%lu sequences, %lu events\n", count, events);
	return 0;
}

static int play_one(struct world *w, char **words, size_t n)
{
	struct event e[MOST_EVENTS + 1];

	if (n > MOST_EVENTS)
		errx(2, "more than %d events", MOST_EVENTS);
	for (size_t i = 0; i < n; i++) {
		char *number = strchr(words[i], '=');
		int kind = 0;

		while (kind < KINDS &&
		       (!number ||
			strncmp(words[i], kind_names[kind], (size_t)(number - words[i])) ||
			kind_names[kind][number - words[i]]))
			kind++;
		if (kind == KINDS)
			errx(2, "%s: not KIND=NUMBER", words[i]);
		e[i] = (struct event){ (enum kind)kind,
				       (unsigned int)strtoul(number + 1, NULL, 10) };
	}
	if (!plays(w, e, n))
		return explain(w, e, n);
	puts("captured");
	return 0;
}

int main(int argc, char **argv)
{
	static struct world w;

	if (argc < 3)
		errx(2, "usage: play DESCRIPTION MEMORY SEED COUNT, or KIND=NUMBER...");
	world_read(&w, argv[1], argv[2]);
	if (argc == 6)
		return (strcmp(argv[3], "damage") ? missed : damage)(&w, strtoul(argv[4], NULL, 10),
								     strtoul(argv[5], NULL, 10));
	if (argc == 5 && !strchr(argv[3], '='))
		return play_many(&w, strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10));
	return play_one(&w, argv + 3, (size_t)argc - 3);
}
