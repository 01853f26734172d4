# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Just enough of the gdb remote protocol to write guest physical memory."""

import socket

from failure import Failure

TIMEOUT = 60


class Client:
    """Connecting stops the machine; leaving the context lets it go on."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(TIMEOUT)
        self._socket.connect(path)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        try:
            self._command("D")
        finally:
            self._socket.close()

    def flip_physical_byte(self, address):
        self.write_physical(address, lambda old: bytes([old[0] ^ 0xff]), 1)

    def write_physical(self, address, change, size):
        """What `change` makes of so many bytes takes their place."""
        self._expect("Qqemu.PhyMemMode:1", "OK")
        new = change(bytes.fromhex(self._command(f"m{address:x},{size:x}"))).hex()
        self._expect(f"M{address:x},{size:x}:{new}", "OK")
        self._expect(f"m{address:x},{size:x}", new)
        self._expect("Qqemu.PhyMemMode:0", "OK")

    def _expect(self, command, wanted):
        reply = self._command(command)
        if reply != wanted:
            raise Failure(f"gdb stub: {command}: {reply!r}, expected {wanted!r}")

    def _command(self, command):
        packet = command.encode()
        checksum = sum(packet) & 0xff
        self._socket.sendall(b"$%s#%02x" % (packet, checksum))
        # That the machine has stopped ("T...") is told at any time.
        while (reply := self._packet()).startswith("T"):
            pass
        return reply

    def _packet(self):
        while self._byte() != b"$":
            pass
        data = b""
        while (byte := self._byte()) != b"#":
            data += byte
        self._byte(), self._byte()
        self._socket.sendall(b"+")
        return data.decode()

    def _byte(self):
        byte = self._socket.recv(1)
        if not byte:
            raise Failure("the gdb stub has closed the connection")
        return byte
