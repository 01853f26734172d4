# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What went other than it should, as one kind of exception, and how it is said what is expected."""


class Failure(Exception):
    pass


def expect(truth, message):
    if not truth:
        raise Failure(message)
