# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Write cpio archives ("newc") for the kernel's initramfs, without being root."""

import stat


def _header(inode, mode, size, name, device):
    fields = (inode, mode, 0, 0, 1, 0, size, 0, 0, *device, len(name) + 1, 0)
    return b"070701" + b"".join(b"%08X" % field for field in fields)


class Writer:
    """Entries go out in the order given; a directory comes before its content."""

    def __init__(self, path):
        self._file = open(path, "wb")
        self._inode = 0

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._entry("TRAILER!!!", 0, b"")
        self._file.close()

    def directory(self, name):
        self._entry(name, stat.S_IFDIR | 0o755, b"")

    def file(self, name, data, mode=0o644):
        self._entry(name, stat.S_IFREG | mode, data)

    def symlink(self, name, target):
        self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def character_device(self, name, major, minor):
        self._entry(name, stat.S_IFCHR | 0o600, b"", (major, minor))

    def _entry(self, name, mode, data, device=(0, 0)):
        self._inode += 1
        name = name.encode()
        self._file.write(_header(self._inode, mode, len(data), name, device))
        self._file.write(name + b"\0")
        self._pad()
        self._file.write(data)
        self._pad()

    def _pad(self):
        self._file.write(b"\0" * (-self._file.tell() % 4))
