# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Why there is no dump: what a console said, and what helps.

A PC's emulated port loses characters, so each cause is known by several texts, where a kernel says several.
"""

import re
from typing import NamedTuple


class Cause(NamedTuple):
    """Why a capture failed: @name for programs, the rest for people; @line is what it was known by."""

    name: str
    sentence: str
    remedy: str
    line: str = ""


MEMORY = Cause("out-of-memory", "the capture kernel ran out of memory",
               "reserve more: boot with a larger crashkernel= (kdump-drill --advise finds how much), or make the"
               " capture initrd smaller")
CPU = Cause("lost-cpu", "the capture kernel does not know the CPU on which the machine crashed",
            "load with --hotplug (kexec -p --hotplug, Linux 6.10 or later), or load again after each change of CPUs")
ROOT = Cause("no-root", "the capture initrd did not find its root file system",
             "see that the initrd has the driver of this disk, and root= names it; in a drill the machine has"
             " only the disk that --disk names")
DRIVER = Cause("driver-missing", "the capture initrd lacks a kernel module that it wants",
               "make the initrd again for the version of the capture kernel")
NO_VMCORE = Cause("no-vmcore", "the capture kernel came up, but there is no /proc/vmcore",
                  "its kernel needs CONFIG_PROC_VMCORE, and the elfcorehdr= that kexec puts on its command line")
SAVING = Cause("saving-failed", "the capture initrd could not save the dump",
               "see what it says of the place where dumps go; in a drill there is no network, and only the disk"
               " that --disk names")
DAMAGED = Cause("image-damaged", "the image in memory was not what had been loaded: the purgatory stopped",
                "something writes into the crash region: see the kernel's log, and report it")
INIT = Cause("init-died", "the first program of the capture initrd failed",
             "see the last lines of the console; unpack the initrd and look for /init and what it starts")
PANIC = Cause("capture-panicked", "the capture kernel panicked",
              "see the last lines of the console; try another command line or another capture kernel")
SILENT = Cause("silent", "the capture kernel said nothing",
               "load with a console and earlyprintk or earlycon in the capture command line and drill again")
STUCK = Cause("stuck", "the capture kernel came up, and then nothing more came of it",
              "see the last lines of the console: what it says last is where it stopped")
REFUSED = Cause("refused", "kexec did not load the image",
                "see what it says; with -d it says more")
UNREADABLE = Cause("log-unreadable", "the kernel's log could not be read from the dump",
                   "see what vmcore-dmesg says, and report it")

# In the order in which they count: when memory ran out the rest follows from that.
PATTERNS = (
    (CPU, r"Failed to identify boot CPU !"),
    (DAMAGED, r"[Pp]urgatory.*digest (mismatch|is wrong)"),
    (MEMORY, r"System is deadlocked on memory|Out of memory[: ]|invoked oom-killer|oom-kill:"
             r"|Initramfs unpacking failed: (write error|no memory)|page allocation failure"
             r"|memblock_\w*alloc\w*: Failed|Failed to allocate \d+ bytes|\bCannot allocate memory"
             r"|initrd extends beyond end of memory|initrd too (big|large)|No space left on device"
             r"|Not enough (memory|space)|Mem-Info:"),
    (SAVING, r"saving vmcore failed|makedumpfile Failed|Failed to save vmcore|saving vmcore-dmesg\S* failed"
             r"|kdump: dump target .*(not|fail)"),
    (ROOT, r"Unable to mount root fs|Cannot open root device|ALERT!.*does not exist"
           r"|Gave up waiting for root|Warning: /dev/\S+ does not exist|Failed to mount \S*sysroot"
           r"|Timed out waiting for device|Could not find (the )?root|mount root .*failed"
           r"|dracut-initqueue.*timeout"),
    (DRIVER, r"modprobe: FATAL: Module \S+ not found|Module \S+ not found in directory|insmod: can't insert"
             r"|disagrees about version of symbol|version magic"),
    (INIT, r"Attempted to kill init|No working init found|Requested init .* failed"
           r"|Entering emergency mode|You are in emergency mode"),
    (NO_VMCORE, r"[Kk]dump: vmcore not initialized|vmcore: .*(corrupt|invalid)|Warning: Core image elf header"),
    (PANIC, r"Kernel panic - not syncing"),
)

# What a kernel that has no console yet leaves in its log, which lies in memory.
SILENT_LOG = ((CPU, (b"Failed to identify boot CPU !", b"kernel BUG at arch/powerpc/kernel/prom.c:")),)


def classify(console):
    """The Cause that text of a console shows, or None."""
    text = console.replace("\r", "")
    for cause, pattern in PATTERNS:
        found = re.search(rf"^.*(?:{pattern}).*$", text, re.M)
        if found:
            return cause._replace(line=found[0].strip())
    return None


def classify_memory(memory, kernel):
    """Of a kernel that was silent: a text is in its log when @memory, bytes of the crash region, has it more often than
    the kernel's own file."""
    for cause, texts in SILENT_LOG:
        if all(memory.count(text) > kernel.count(text) for text in texts):
            return cause._replace(line=texts[0].decode())
    return None


def refusal(output):
    """Of what kexec said when it did not load."""
    said = [line for line in output.splitlines() if line.strip()]
    return REFUSED._replace(line=said[-1] if said else "")
