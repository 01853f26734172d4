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
SHORT = Cause("short-of-memory", "the capture kernel was short of memory", MEMORY.remedy)
FULL = Cause("no-space", "there was no room where the capture initrd writes",
             "where that is in memory, reserve more with a larger crashkernel=; where it is a disk, make room there")
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
READ_ONLY = Cause("read-only", "the file system where the dump goes is mounted read-only",
                  "mount it to be written: rw instead of ro on the capture command line, or a line for it in /etc/fstab")
UNSEEN = Cause("no-sign", "nothing showed that the capture initrd saved the dump",
               "give the drill a disk where it can (--disk), or look longer (--watch); see the last lines of the console")
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
DISABLED = Cause("disabled", "kdump is switched off", "set USE_KDUMP=1 in /etc/default/kdump-tools")
REFUSED = Cause("refused", "kexec did not load the image",
                "see what it says; with -d it says more")
UNREADABLE = Cause("log-unreadable", "the kernel's log could not be read from the dump",
                   "see what vmcore-dmesg says, and report it")

# What initrds say of the dump: dracut's kdump module, kdump-config of kdump-tools, makedumpfile. Not of the log, which is
# saved beside it.
SAVED = re.compile(r"saving vmcore complete|\bsaved vmcore (in|via)\b|The dumpfile is saved to (?!STDOUT)", re.I)
NOT_SAVED = (r"(?i:saving vmcore failed|makedumpfile failed|failed to save vmcore|cannot save core|unable to reach remote server"
             r"|makedumpfile scp failed|vmcore file will +not be available|kdump: dump target .*(not|fail))")

# In the order in which they count: when memory ran out the rest follows from that; what goes well all the same on many a
# machine is last.
PATTERNS = (
    (CPU, r"Failed to identify boot CPU !"),
    (DAMAGED, r"[Pp]urgatory.*digest (mismatch|is wrong)"),
    (MEMORY, r"System is deadlocked on memory|Out of memory[: ]|invoked oom-killer|oom-kill:"
             r"|Initramfs unpacking failed: (write error|no memory)"
             r"|memblock_\w*alloc\w*: Failed|\bCannot allocate memory"
             r"|initrd extends beyond end of memory|initrd too (big|large)|Not enough (memory|space)"),
    (FULL, r"No space left on device"),
    (SAVING, NOT_SAVED),
    (ROOT, r"Unable to mount root fs|Cannot open root device|ALERT!.*does not exist"
           r"|Gave up waiting for root|Warning: /dev/\S+ does not exist|Failed to mount \S*sysroot"
           r"|Timed out waiting for device|Could not find (the )?root|mount root .*failed"
           r"|dracut-initqueue.*timeout"),
    (DRIVER, r"modprobe: FATAL: Module \S+ not found|Module \S+ not found in directory|insmod: can't insert"
             r"|disagrees about version of symbol|version magic"),
    (INIT, r"Attempted to kill init|No working init found|Requested init .* failed"
           r"|Entering emergency mode|You are in emergency mode"),
    (NO_VMCORE, r"[Kk]dump: vmcore not initialized|vmcore: .*(corrupt|invalid)|Warning: Core image elf header"),
    (SHORT, r"page allocation failure|Failed to allocate \d+ bytes|Mem-Info:"),
    (PANIC, r"Kernel panic - not syncing"),
)

# Why a dump was not saved, where that is what is known.
REASONS = ((READ_ONLY, r"Read-only file system"),)

# After these nothing more is to come; any other text may be followed by a dump that is saved all the same.
FINAL = re.compile(r"Kernel panic - not syncing|Failed to identify boot CPU !|[Pp]urgatory.*digest (mismatch|is wrong)"
                   r"|Dropping to a shell!")
# What a machine hardly survives, even if this one did.
TROUBLE = re.compile(r"^.*(?:Out of memory[: ]|invoked oom-killer|oom-kill:|Kernel panic - not syncing).*$", re.M)
# The initrd was stopped by what a drill's machine does not have, unless a disk was given to it.
NOT_HERE = {ROOT.name, SAVING.name, READ_ONLY.name, DRIVER.name, FULL.name}
# Nothing that a capture kernel can go on with.
FATAL = {cause.name for cause in (CPU, DAMAGED, MEMORY, INIT, NO_VMCORE, PANIC)}

# Mounting and a system's own log take less, a dump more.
DUMP_BYTES = 8 << 20

# What a kernel that has no console yet leaves in its log, which lies in memory.
SILENT_LOG = ((CPU, (b"Failed to identify boot CPU !", b"kernel BUG at arch/powerpc/kernel/prom.c:")),)


def classify(console):
    """The Cause that text of a console shows, or None."""
    text = console.replace("\r", "")
    cause = _first(PATTERNS, text)
    return cause and cause.name == SAVING.name and _first(REASONS, text) or cause


def _first(patterns, text):
    for cause, pattern in patterns:
        found = re.search(rf"^.*(?:{pattern}).*$", text, re.M)
        if found:
            return cause._replace(line=found[0].strip())
    return None


def saved(console):
    """The line that says the dump was saved, unless a later one says it was not; or None. Who falls back to a plain copy
    has first said that the better way failed."""
    last = None
    for line in console.replace("\r", "").splitlines():
        if SAVED.search(line):
            last = line.strip()
        elif re.search(NOT_SAVED, line):
            last = None
    return last


def is_final(console):
    """Whether nothing is to be waited for after that."""
    return bool(FINAL.search(console))


def judge_initrd(console, disk, written):
    """(whether a crash would leave a dump: True, None if that was not seen, False; the Cause) by what the initrd's console
    had, with a disk or without, and how many bytes were written there."""
    found = classify(console)
    if saved(console):
        return True, None
    if found and found.name in FATAL:
        return False, found
    if written >= DUMP_BYTES and (not found or found.name not in (SAVING.name, READ_ONLY.name, FULL.name)):
        return True, None
    if disk and found and found.name in NOT_HERE:
        return False, found
    return None, found or UNSEEN


def classify_memory(memory, kernel):
    """Of a kernel that was silent: a text is in its log when @memory, bytes of the crash region, has it more often than
    the kernel's own file."""
    for cause, texts in SILENT_LOG:
        if all(memory.count(text) > kernel.count(text) for text in texts):
            return cause._replace(line=texts[0].decode())
    return None


def refusal(output):
    """Of what kexec said when it did not load: its own last line, which how it is used may follow."""
    said = [line for line in output.splitlines() if line.strip()]
    own = [line for line in said if line.startswith("kexec: ")]
    return REFUSED._replace(line=(own or said or [""])[-1])


def is_usage(output):
    """Whether kexec did not understand its options."""
    return "\nUsage: kexec " in f"\n{output}"
