# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Many things done in processes, some at a time."""

import multiprocessing
import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor

PATIENCE = 10 # seconds, to clean up


def in_processes(function, things, jobs):
    """Yields what the function returns of each, in their order. SIGTERM ends this program and its processes, which end
    their machines; a pool that starts new ones would go on, and one that waits for them would wait for ever."""
    mine = os.getpid()

    def end(*_):
        if os.getpid() != mine:
            sys.exit("ended by a signal")
        children = multiprocessing.active_children()
        for child in children:
            child.terminate()
        for child in children:
            child.join(PATIENCE)
            child.kill()
        print("ended by a signal", file=sys.stderr, flush=True)
        os._exit(1) # without a word to threads that wait for those

    signal.signal(signal.SIGTERM, end)
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("fork")) as pool:
        yield from pool.map(function, things)
