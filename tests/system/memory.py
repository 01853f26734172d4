# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Memory comes and goes, the machine crashes: what of it is in the dump?

Each scenario gets a Stage whose machine is switched on, and raises Failure.
"""

import re

from dump import Dump, show, subtract
from stage import CMA_RANGES, expect

# A text which the guest is to write, of numbers that all differ, and how often.
# The kernel writes it to movable memory first, which only new memory is here.
# Whatever the page size, the text consists of chunks.
FIRST_NUMBER, LAST_NUMBER = 1000000, 1131071
COPIES = 4
NEW_IS_MOVABLE = "echo online_movable >/sys/devices/system/memory/auto_online_blocks"
CHUNK = 4096
SAMPLES = 16
WRITE_COPIES = (f"seq {FIRST_NUMBER} {LAST_NUMBER} >/tmp/pattern; "
                f"for copy in $(seq {COPIES}); do cat /tmp/pattern; done "
                ">/tmp/copies")

# What the capture kernel overwrites, and the backup region has a copy of. The
# start of it is lost before the copy is made: there the crashed kernel itself
# puts the code on which its other CPUs wait.
LOW_START, LOW_END = 0x100, 64 << 10


def hotplug(stage):
    """Memory is added after the load: its content is in the dump."""
    stage.boot()
    stage.load("--hotplug")
    expect(stage.crash_hotplug() == ("1", "1"), "crash_hotplug is not 1")
    added = plug_movable(stage)
    _captured_with(stage, added)


def hotplug_hash(stage):
    """The same with the hash MMU."""
    hotplug(stage)
    said = stage.guest.read("/proc/cpuinfo")
    expect(re.search(r"^MMU\s*: Hash$", said, re.M), f"no hash MMU:\n{said}")


def stale(stage):
    """The same without --hotplug: the dump lacks the memory, and no other."""
    stage.boot()
    stage.load()
    expect(stage.crash_hotplug() == ("0", "0"), "crash_hotplug is not 0")
    added = plug_movable(stage)
    find_pattern(stage, added)
    captured_without(stage, added)


def reload(stage):
    """Memory is added before the load, without --hotplug: it is in the dump."""
    stage.boot()
    added = plug_movable(stage)
    stage.load()
    _captured_with(stage, added)


def reload_hotplug(stage):
    """Memory is added before the load, with --hotplug: it is in the dump."""
    stage.boot()
    added = plug_movable(stage)
    stage.load("--hotplug")
    _captured_with(stage, added)


def remove(stage):
    """Memory is added after the load and removed again: not in the dump."""
    stage.boot()
    stage.load("--hotplug")
    before = stage.memory()
    added = plug_movable(stage) # movable: what the kernel put there for itself, it could not remove
    stage.unplug_memory()
    after = stage.memory()
    expect(after == before, f"the memory {show(before)} became {show(after)}")
    captured_without(stage, added)


def cma(stage):
    """crashkernel=,cma: the capture kernel's memory too, and not in the dump."""
    stage.boot()
    areas = stage.cma_areas()
    wanted = int(re.search(r"=(\d+)M,cma", stage.hardware.crashkernel)[1]) << 20
    expect(sum(map(len, areas)) == wanted, f"the kernel has set aside {show(areas)}")
    stage.load("--hotplug")
    _captured_beside(stage, areas)


def cma_hotplug(stage):
    """The same after the running kernel has rewritten the headers."""
    stage.boot()
    areas = stage.cma_areas()
    expect(areas, "the kernel has set aside nothing")
    stage.load("--hotplug")
    added = stage.plug_memory()
    dump = _captured_beside(stage, areas)
    expect_all(dump, [added])


def cma_unknown(stage):
    """The same when kexec is not told: in the dump, and of no use to the capture kernel."""
    stage.boot()
    areas = stage.cma_areas()
    expect(areas, "the kernel has set aside nothing")
    stage.guest.check(f": >/tmp/nothing && mount --bind /tmp/nothing {CMA_RANGES}")
    stage.load("--hotplug")
    dump = _captured(stage)
    expect_all(dump, areas)
    expect(subtract(areas, stage.system_ram()) == areas, "the capture kernel uses some of it")


def _captured_beside(stage, areas):
    """These areas are used by the capture kernel; the dump has all other memory."""
    memory = subtract(stage.memory_to_dump(), areas)
    dump = _captured(stage)
    expect_all(dump, memory)
    dumped = [area for area in areas if subtract([area], dump.memory()) != [area]]
    expect(not dumped, f"in the dump: {show(dumped)}")
    unused = subtract(areas, stage.system_ram())
    expect(not unused, f"the capture kernel does not use {show(unused)}")
    return dump


def low(stage):
    """After memory is added, the first 64 KiB are those of the crashed kernel."""
    stage.boot()
    stage.load("--hotplug")
    added = stage.plug_memory()
    size = LOW_END - LOW_START
    crashed = stage.machine.save_memory(range(LOW_START, LOW_END))
    dump = _captured(stage)
    expect_all(dump, [added]) # so the crashed kernel has rewritten the headers
    capture = stage.machine.save_memory(range(LOW_START, LOW_END))
    expect(crashed != capture, "both kernels have the same in low memory")
    dumped = dump.read(LOW_START, size)
    expect(dumped != capture,
           "the dump has the low memory of the capture kernel: the loader has "
           "not told where the backup region is, or the crashed kernel has "
           "forgotten it, as Linux 6.10 does")
    wrong = [LOW_START + at for at in range(size) if dumped[at] != crashed[at]]
    expect(not wrong, f"{len(wrong)} bytes are others in the dump, the first at "
                      f"{min(wrong, default=0):#x}")


def plug_movable(stage):
    """Add memory to which the guest writes next."""
    stage.guest.check(NEW_IS_MOVABLE)
    return stage.plug_memory()


def _captured(stage, cpu=0):
    stage.crash(cpu)
    stage.captured_log(cpu)
    return Dump(stage.guest, stage.site.big_endian)


def _captured_with(stage, added):
    """The dump has all of the memory, and in the added memory what was there."""
    chunks = find_pattern(stage, added)
    memory = stage.memory_to_dump()
    dump = _captured(stage)
    expect_all(dump, memory)
    lost = lost_content(stage, dump, chunks)
    expect(not lost, f"not what was there, in the dump at {lost}")


def lost_content(stage, dump, chunks):
    """Where samples of what find_pattern() has found are not in the dump, or cannot be read."""
    with stage.timed("compare"):
        return [hex(address) for address in spread(sorted(chunks), SAMPLES)
                if not dump.has(address, chunks[address])]


def captured_without(stage, absent, cpu=0):
    """The dump has nothing of the absent memory, and all of the other."""
    memory = subtract(stage.memory_to_dump(), [absent])
    dump = _captured(stage, cpu)
    expect_all(dump, memory)
    expect(subtract([absent], dump.memory()) == [absent],
           f"of {show([absent])} something is in the dump: {show(dump.memory())}")


def expect_all(dump, memory):
    missing = subtract(memory, dump.memory())
    expect(not missing, f"not in the dump, which has {show(dump.memory())}: "
                        f"{show(missing)}")


def find_pattern(stage, memory):
    """Have the guest write to this memory: what, by physical address."""
    with stage.timed("pattern"):
        return write_pattern(stage.guest, stage.machine, memory)


def write_pattern(guest, machine, memory):
    numbers = range(FIRST_NUMBER, LAST_NUMBER + 1)
    pattern = "".join(f"{number}\n" for number in numbers).encode()
    chunks = {pattern[at:at + CHUNK] for at in range(0, len(pattern), CHUNK)}
    guest.check(WRITE_COPIES)
    data = machine.save_memory(memory)
    found = {memory.start + at: data[at:at + CHUNK]
             for at in range(0, len(data), CHUNK)
             if data[at:at + CHUNK] in chunks}
    expect(len(found) >= SAMPLES, f"the new memory {show([memory])} has "
                                  f"{len(found)} chunks of the pattern")
    return found


def spread(items, count):
    """That many of the items, the first and the last among them."""
    return [items[index * (len(items) - 1) // (count - 1)]
            for index in range(count)]
