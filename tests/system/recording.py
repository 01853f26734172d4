# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Bring home what kexec --record copies, and replay it on this machine."""

import base64
import binascii
import gzip
import io
import json
import os
import shlex
import subprocess
import tarfile
import tempfile

from failure import Failure
from files import build
from stage import expect

DIRECTORY = "/tmp/record"
PACK = f"tar -c -C {DIRECTORY} . | gzip | base64"
PLAN = "--hotplug", "--dry-run", "--json"
SEGMENT = "name", "address", "bufsz", "memsz"


def record(stage):
    """A recording is planned for on this machine as it was in the guest."""
    stage.boot()
    # The next kernel gets a seed from one that has random numbers, which a slow machine takes a minute to have.
    stage.guest.check("head -c 1 /dev/random >/dev/null", 300)
    there = stage.guest.check(stage.load_command(PLAN) + " 2>/dev/null")
    recorded = fetch(stage)
    with tempfile.TemporaryDirectory() as tree:
        with tarfile.open(fileobj=io.BytesIO(recorded)) as archive:
            archive.extractall(tree)
        here = _plan_here(stage, tree)
    expect(_segments(there) == _segments(here),
           f"planned in the guest:\n{there}\nplanned from its recording:\n{here}")


def fetch(stage):
    """The recording of this machine: a tar archive, the same each time."""
    stage.guest.check(f"kexec --record {DIRECTORY}")
    text = stage.guest.check(PACK)
    try:
        packed = gzip.decompress(base64.b64decode(text))
    except (binascii.Error, OSError) as error:
        raise Failure(f"the recording has not come through: {error}") from None
    return _normalised(packed)


def save(recorded, path):
    """As FILE.tar.gz, with nothing in it of where and when it was made."""
    with open(path, "wb") as file:
        with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
            packed.write(recorded)


def _normalised(packed):
    output = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(packed)) as source, \
            tarfile.open(fileobj=output, mode="w",
                         format=tarfile.GNU_FORMAT) as target:
        for entry in sorted(source, key=lambda entry: entry.name):
            entry.mtime = entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            entry.mode = 0o644 if entry.isfile() else 0o755
            content = source.extractfile(entry) if entry.isfile() else None
            target.addfile(entry, content)
    return output.getvalue()


def _plan_here(stage, tree):
    command = shlex.split(stage.load_command(PLAN, initrd=stage.site.capture,
                                             kernel=stage.site.kernel))
    command[:1] = [os.path.join(build("native"), "kexec"), "--sysroot", tree]
    planned = subprocess.run(command, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if planned.returncode:
        raise Failure(f"{' '.join(command)}: status {planned.returncode}\n"
                      f"{planned.stderr}")
    return planned.stdout


def _segments(plan):
    try:
        segments = json.loads(plan)["segments"]
        return [[segment[key] for key in SEGMENT] for segment in segments]
    except (ValueError, KeyError) as error:
        raise Failure(f"no plan: {error!r} in\n{plan}") from None
