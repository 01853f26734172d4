// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include "kexec/arch/arch.h"
#include "kexec/flaw.h"

const struct flaw *flaw_find(const struct machine *m, enum flaw_effect effect)
{
	for (size_t i = 0; m->arch && i < m->arch->n_flaws; i++)
		if (m->arch->flaws[i].effect == effect)
			return &m->arch->flaws[i];
	return NULL;
}

enum answer flaw_is_absent(const struct machine *m, enum flaw_effect effect)
{
	const struct flaw *flaw = flaw_find(m, effect);
	enum answer has = flaw ? flaw->has(m) : ANSWER_NO;

	if (!m->arch || has == ANSWER_UNKNOWN)
		return ANSWER_UNKNOWN;
	return has == ANSWER_YES ? ANSWER_NO : ANSWER_YES;
}
