// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* What the exit status is, and what may be tried instead, by the step that failed. */
#include "tests/unit/unit.h"

#include "kexec/exit.h"
#include "kexec/failure.h"

static const struct {
	enum phase phase;
	int err, status;
	bool leaves;		/* the running kernel may still load it */
} rows[] = {
	{ PHASE_MACHINE, ENOENT, 1, true },   { PHASE_MACHINE, ENOSPC, 1, true },
	{ PHASE_FILES, ENOENT, 1, true },     { PHASE_FILES, EINVAL, 1, true },
	{ PHASE_FILES, ENOEXEC, 255, false }, { PHASE_FILES, ENOSPC, 1, false },
	{ PHASE_INITRD, ENOENT, 255, false }, { PHASE_INITRD, ENOEXEC, 255, false },
	{ PHASE_INITRD, ENOSPC, 1, false },   { PHASE_INITRD, EINVAL, 255, false },
	{ PHASE_PLAN, ENOEXEC, 255, false },  { PHASE_PLAN, ENOSPC, 1, false },
	{ PHASE_PLAN, ENODEV, 1, false },     { PHASE_PLAN, E2BIG, 1, true },
	{ PHASE_PLAN, ENOENT, 1, true },      { PHASE_PROOF, EINVAL, 1, true },
	{ PHASE_PROOF, ENOSPC, 1, false },    { PHASE_PROOF, ENODEV, 1, true },
	{ PHASE_PREPARE, ENODEV, 1, false },  { PHASE_PREPARE, ENOENT, 1, false },
	{ PHASE_PREPARE, EFBIG, 255, false }, { PHASE_PREPARE, ESTALE, 255, false },
	{ PHASE_CALL, ENOENT, 255, false },   { PHASE_CALL, ENODEV, 255, false },
	{ PHASE_CALL, ENOEXEC, 255, false },  { PHASE_CALL, ENOSYS, 255, false },
};

static void statuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct failure f = failure_of(rows[i].phase, -rows[i].err);

		assert_true(f.phase == rows[i].phase && f.rc == -rows[i].err);
		assert_int_equal(failure_status(f), rows[i].status);
		assert_int_equal(failure_leaves_running_kernel(f), rows[i].leaves);
	}
}

/* Every step has an answer to every errno; success is success whatever the step. */
static void every_step(void **state)
{
	(void)state;
	for (enum phase p = PHASE_MACHINE; p < PHASES; p++) {
		struct failure none = failure_of(p, 0);

		for (int err = 1; err < 134; err++)
			assert_true(failure_status(failure_of(p, -err)) != STATUS_OK);
		assert_true(none.phase == PHASE_NONE && none.rc == 0);
		assert_int_equal(failure_status(none), STATUS_OK);
		assert_false(failure_leaves_running_kernel(none));
		assert_true(failure_of(p, 7).phase == PHASE_NONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statuses),
		cmocka_unit_test(every_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
