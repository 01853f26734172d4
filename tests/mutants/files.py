# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Which files have mutants, and which unit tests are meant for each. Each file of kexec/, common/,
next-boot/, purgatory/ and vmcore-dmesg/ is in one of these tables."""
import fnmatch
import glob
import os

# Each mutant of these is noticed or explained: one that is not is a failure.
SETTLED = {
    "kexec/prove.c": "test-prove test-image",
    "kexec/rehearse.c": "test-prove test-kexec",
    "kexec/arch/ppc64/prove.c": "test-prove",
    "kexec/arch/ppc64/rehearse.c": "test-prove test-kexec",
    "kexec/arch/x86_64/proofs.c": "test-boot-params",
    "kexec/arch/arm64/proofs.c": "test-arm64",
    "kexec/policy.c": "test-policy",
    "kexec/elfcorehdr.c": "test-prove test-kexec",
    "kexec/arch/ppc64/needs.c": "test-capture test-prove",
    "kexec/arch/x86_64/needs.c": "test-boot-params",
    "kexec/arch/ppc64/cpunodes.c": "test-prove test-kexec",
    "kexec/arch/ppc64/drconf.c": "test-kexec",
    "kexec/arch/x86_64/boot-params.c": "test-boot-params",
    "kexec/arch/x86_64/e820.c": "test-boot-params",
    "kexec/arch/x86_64/boot-data.c": "test-boot-data test-x86-64",
    "kexec/arch/x86_64/flaws.c": "test-way",
    "kexec/arch/x86_64/survey.c": "test-x86-64",
    "kexec/format/bzimage.c": "test-format test-kernels",
    "kexec/format/uki.c": "test-format test-kernels",
    "kexec/format/zboot.c": "test-format test-kernels",
    "kexec/format/elf.c": "test-kernels test-format",
    "kexec/format/flat.c": "test-kernels test-format",
    "kexec/format/initrd.c": "test-kernels test-format",
    "kexec/image.c": "test-image test-format",
    "kexec/purgatory.c": "test-image test-prove",
    "kexec/cmdline.c": "test-cmdline",
    "kexec/plan.c": "test-prove test-kexec",
    "kexec/format/format.c": "test-format test-kernels",
    "kexec/format/uimage.c": "test-kernels test-format",
    "kexec/format/zimage.c": "test-kernels test-format",
    "kexec/apply.c": "test-apply",
    "kexec/apply-file.c": "test-apply",
    "kexec/fileproof.c": "test-apply",
    "kexec/failure.c": "test-failure",
    "kexec/load.c": "test-load",
    "kexec/udev.c": "test-readiness test-survey",
    "kexec/readiness.c": "test-readiness",
    "kexec/klog.c": "test-readiness",
    "common/decompress.c": "test-decompress test-format",
    "kexec/sysroot.c": "test-sysroot test-survey",
    "kexec/files.c": "test-files test-apply",
    "kexec/machine.c": "test-machine test-survey",
    "kexec/flaw.c": "test-way",
    "kexec/state.c": "test-state",
    "kexec/way.c": "test-way",
    "kexec/arch/ppc64/capture.c": "test-capture test-image test-prove",
    "kexec/arch/ppc64/flaws.c": "test-way",
    "kexec/arch/ppc64/dtb.c": "test-tree",
    "kexec/arch/ppc64/fdt.c": "test-ppc64",
    "kexec/arch/ppc64/flatcpus.c": "test-flatcpus test-kexec",
    "kexec/arch/ppc64/survey.c": "test-ppc64 test-survey",
    "kexec/arch/ppc64/tree.c": "test-ppc64",
    "kexec/arch/ppc64/pointers.c": "test-tree",
    "kexec/arch/ppc64/room.c": "test-tree",
    "kexec/arch/ppc64/crash.c": "test-tree test-prove",
    "kexec/arch/ppc64/purgatory.c": "test-tree test-prove",
    "kexec/arch/ppc64/kernel.c": "test-capture",
    "kexec/arch/ppc64/ppc64.c": "test-prove",
    "kexec/devicetree.c": "test-tree test-kexec",
    "kexec/devicetree-blob.c": "test-kexec",
    "kexec/devicetree-flatten.c": "test-tree test-kexec",
    "kexec/devicetree-fs.c": "test-kexec test-survey",
    "kexec/nexttree.c": "test-tree",
    "kexec/kcore.c": "test-survey",
    "kexec/logread.c": "test-survey",
    "kexec/format/image.c": "test-format",
    "kexec/arch/arm64/boot-data.c": "test-arm64-steps test-arm64",
    "kexec/arch/arm64/idmap.c": "test-arm64-steps test-arm64",
    "kexec/arch/arm64/lpi.c": "test-arm64",
    "kexec/arch/arm64/needs.c": "test-arm64-steps test-arm64",
    "kexec/arch/arm64/survey.c": "test-arm64 test-arm64-steps",
    "kexec/arch/arm64/tree.c": "test-arm64-steps test-arm64",
    "kexec/arch/arm64/uart.c": "test-arm64",
    "kexec/iomem.c": "test-survey test-x86-64 test-arm64",
    "common/ranges.c": "test-common",
    "common/elf.c": "test-common test-format",
    "common/idlist.c": "test-common",
    "common/file.c": "test-common",
    "common/library.c": "test-common",
    "common/text.c": "test-common",
    "common/mapping.c": "test-common",
    "common/progress.c": "test-common",
    "common/confine.c": "test-confine",
    "next-boot/entry.c": "test-next-boot",
    "next-boot/grub.c": "test-grub test-next-boot",
    "next-boot/loader.c": "test-next-boot",
    "next-boot/tree.c": "test-next-boot",
    "next-boot/version.c": "test-next-boot",
    "purgatory/purgatory.c": "test-purgatory test-purgatory-x86_64",
    "purgatory/fault.c": "test-purgatory-x86_64 test-purgatory-arm64",
    "purgatory/kept.c": "test-kept test-purgatory",
    "purgatory/arch/ppc64/tree.c": "test-kept",
    "purgatory/arch/arm64/arm64.c": "test-purgatory-arm64",
    "purgatory/arch/x86_64/x86_64.c": "test-purgatory-x86_64",
    "vmcore-dmesg/diskdump.c": "test-vmcore-input",
    "vmcore-dmesg/elfcore.c": "test-vmcore-bounds",
    "vmcore-dmesg/input.c": "test-vmcore-input",
    "vmcore-dmesg/notes.c": "test-vmcore-bounds",
    "vmcore-dmesg/segments.c": "test-vmcore-bounds",
    "vmcore-dmesg/translate.c": "test-vmcore-rules test-vmcore",
    "vmcore-dmesg/vmcore.c": "test-vmcore-memory test-vmcore-bounds test-vmcore",
    "vmcore-dmesg/vmcoreinfo.c": "test-vmcore-bounds",
    "vmcore-dmesg/prb.c": "test-vmcore-logs",
    "vmcore-dmesg/records.c": "test-vmcore-logs test-vmcore-old",
    "vmcore-dmesg/textring.c": "test-vmcore-logs",
    "vmcore-dmesg/log.c": "test-vmcore-logs",
    "kexec/sealed.c": "test-prove test-image",
    "kexec/arch/ppc64/seal.c": "test-kept test-prove",
}

# Where all refusals are tried whenever a sample is, whatever of their other mutants is looked at.
PROOFS = ("kexec/prove.c", "kexec/rehearse.c", "kexec/arch/*/prove.c", "kexec/arch/*/rehearse.c",
          "kexec/arch/*/proofs.c", "kexec/arch/ppc64/capture.c")

# What else may notice a mutant, the quick ones first.
UNITS = ("test-apply", "test-files", "test-cmdline", "test-way", "test-capture", "test-readiness",
         "test-boot-data", "test-boot-params", "test-tree", "test-kernels", "test-image", "test-policy",
         "test-prove", "test-common", "test-decompress", "test-kexec", "test-format", "test-survey",
         "test-machine", "test-sysroot", "test-load", "test-failure", "test-state", "test-arm64-steps",
         "test-arm64", "test-ppc64", "test-x86-64")
FOREIGN = {
    "arm64": ("test-boot-data", "test-boot-params", "test-capture", "test-image", "test-load", "test-machine",
              "test-ppc64", "test-prove", "test-x86-64"),
    "ppc64": ("test-arm64", "test-arm64-steps", "test-boot-data", "test-boot-params", "test-x86-64"),
    "x86_64": ("test-arm64", "test-arm64-steps", "test-capture", "test-machine", "test-policy", "test-ppc64",
               "test-prove", "test-image"),
}

# Not tried, with the reason.
UNTRIED = {
    "common/crc32.c": "a sum is right, or nothing is",
    "common/sha256.c": "a sum is right, or nothing is",
    "common/error.c": "what a program says",
    "common/mem.c": "all that allocates goes through it",
    "kexec/arch/arch.c": "a table",
    "kexec/arch/lanes.c": "a table, of what the digest layer compares",
    "kexec/arch/arm64/arm64.c": "a table",
    "kexec/arch/arm64/lanes.c": "one bit of the processor, for the digest layer",
    "kexec/arch/ppc64/lanes.c": "two words of the processor, for the digest layer",
    "kexec/arch/x86_64/lanes.c": "three bits of the processor, for the digest layer",
    "kexec/arch/x86_64/x86_64.c": "a table",
    "kexec/ifdown.c": "makes the interfaces of the machine go down: only the cli layer's model has any",
    "kexec/loads.c": "what was noted of loads before, for the cli layer",
    "kexec/main.c": "what a program says",
    "kexec/options.c": "the words of the command line, of which the cli layer looks at each",
    "kexec/rebootcpu.c": "one word of the command line, for the cli layer",
    "kexec/record.c": "copies files; the cli layer compares them",
    "kexec/report*.c": "what a program says",
    "kexec/reuse.c": "one word of the command line, for the cli layer",
    "kexec/start.c": "a reboot, for the cli layer's model",
    "kexec/status.c": "what a program says",
    "kexec/syscalls.c": "only the real kernel notices",
    "next-boot/main.c": "what a program says, and what it asks of another, for the kdump layer",
    "next-boot/show.c": "what a program says",
    "purgatory/lanes.c": "a sum is right, or nothing is; the digest layer compares it",
    "purgatory/arch/*/lanes.c": "a sum is right, or nothing is; the digest layer compares them",
    "vmcore-dmesg/kdumpfile.c": "libkdumpfile's answers, for the vmcore layer",
    "vmcore-dmesg/main.c": "what a program says",
    "vmcore-dmesg/options.c": "the words of the command line, for the vmcore layer",
    "vmcore-dmesg/output.c": "writes a file, for the vmcore and faults layers",
    "vmcore-dmesg/print.c": "what a program says, for the vmcore layer",
    "purgatory/arch/ppc64/ppc64.c": "runs without an operating system: for the system layer",
}


def table_of(table, path):
    return next((table[p] for p in table if fnmatch.fnmatch(path, p)), None)


def units_of(path):
    return table_of(SETTLED, path).split()


def others_than(own, path):
    """The purgatory is in the unit tests that include it, and in no others, next-boot and
    vmcore-dmesg in their own; nothing that is of one architecture is seen by the tests of another."""
    foreign = next((FOREIGN[arch] for arch in FOREIGN if f"/arch/{arch}/" in path), ())
    return [] if path.startswith(("next-boot/", "purgatory/", "vmcore-dmesg/")) else [
        name for name in UNITS if name not in own and name not in foreign]


def unknown(repository):
    """Files that are in no table."""
    paths = [os.path.relpath(p, repository) for top in ("common", "kexec", "next-boot", "purgatory", "vmcore-dmesg")
             for p in glob.glob(f"{repository}/{top}/**/*.c", recursive=True)]
    return sorted(p for p in paths
                  if all(table_of(table, p) is None for table in (SETTLED, UNTRIED)))
