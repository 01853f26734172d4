# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Ways to spoil a good plan that are the same on every architecture: each makes a function that
spoils (case, plan)."""


def segment(which, **changes):
    """Its attributes; what can be called is called with it."""
    def spoil(_, plan):
        for key, value in changes.items():
            s = plan.segment(which)
            setattr(s, key, value(s) if callable(value) else value)
    return spoil


def flip(name, at, bit=0x40):
    def spoil(_, plan):
        plan.segment(name).data[at] ^= bit
    return spoil


def machine_of(**changes):
    def spoil(case, _):
        for key, value in changes.items():
            setattr(case.machine, key, value)
    return spoil


def plan_of(**changes):
    """Each is called with what was there."""
    def spoil(_, plan):
        for key, value in changes.items():
            setattr(plan, key, value(getattr(plan, key)))
    return spoil
