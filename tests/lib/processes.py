# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Many things done in processes, some at a time."""

import functools
import multiprocessing
import os
import signal
import sys
import time
from concurrent.futures import ProcessPoolExecutor

PATIENCE = 10 # seconds, to clean up


def in_processes(function, things, jobs):
    """Yields what the function returns of each, in their order. SIGTERM ends this program and its processes, which end
    their machines first: a pool that starts new ones would go on, and one that waits for them would wait for ever."""
    mine = os.getpid()

    def end(*_):
        if os.getpid() != mine:
            sys.exit("ended by a signal")
        children, last = multiprocessing.active_children(), time.monotonic() + PATIENCE
        for child in children:
            child.terminate()
        for child in children:
            child.join(max(0, last - time.monotonic()))
            child.kill()
        print("ended by a signal", file=sys.stderr, flush=True)
        os._exit(1) # without a word to threads that wait for those

    signal.signal(signal.SIGTERM, end)
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("fork")) as pool:
        yield from pool.map(functools.partial(_one, function), things)


def _one(function, thing):
    """In a process of the pool, which would take the next thing after any exception."""
    try:
        return function(thing)
    except SystemExit:
        os._exit(1)
