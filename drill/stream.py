# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What a guest says on one of its terminals, kept and stamped with the time."""

import re
import threading
import time

from failure import Failure

# Keeps every byte; what is text in another is decoded where that is known.
CODING = "latin-1"

# No pattern matches more than that, but for one searched for in what is there.
LONGEST = 4096

# Seconds: nothing wakes who waits for a signal that came just before, or in another thread.
LOOK = 1

# A terminal hands over single characters: so long more of them are gathered.
GATHER = 0.005


class Stream:
    """Reads a connected socket to its end, in a thread of its own."""

    def __init__(self, name, socket, log, clock):
        self.name = name
        self._socket = socket
        self._log = log
        self._clock = clock
        self._text = ""
        self._ended = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def position(self):
        """Where the text ends now, to wait for what comes after."""
        with self._changed:
            return len(self._text)

    def text(self, start=0):
        with self._changed:
            return self._text[start:]

    def send(self, text):
        try:
            self._socket.sendall(text.encode())
        except OSError as error:
            raise Failure(f"cannot write to {self.name}: {error}") from None

    def search(self, pattern, start=0):
        with self._changed:
            return re.compile(pattern, re.M).search(self._text, start)

    def wait(self, pattern, timeout, start=0):
        """The first match after start; Failure when time or the stream ends."""
        found = self.wait_or_quiet(pattern, timeout, timeout, start)
        if not found:
            raise Failure(f"no /{pattern}/ on {self.name} in {timeout} s")
        return found

    def wait_or_quiet(self, pattern, timeout, quiet, start=0):
        """The same, but None when time ends, or after so long without a word."""
        compiled = re.compile(pattern, re.M)
        deadline = time.monotonic() + timeout
        with self._changed:
            heard = time.monotonic()
            while True:
                found = compiled.search(self._text, start)
                if found:
                    return found
                start = max(start, len(self._text) - LONGEST)
                if self._ended:
                    raise Failure(f"{self.name} ended before /{pattern}/")
                left = min(deadline, heard + quiet) - time.monotonic()
                if left <= 0:
                    return None
                if self._changed.wait(min(left, LOOK)):
                    heard = time.monotonic()

    def wait_end(self, timeout):
        """Until the other side has closed the stream and all is logged."""
        self._thread.join(timeout)
        self._socket.close()

    def last_lines(self, count):
        return self.text().replace("\r", "").splitlines()[-count:]

    def _read(self):
        with open(self._log, "w", encoding=CODING) as log:
            at_line_start = True
            while True:
                data = self._receive()
                if not data:
                    break
                text = data.decode(CODING)
                at_line_start = self._stamp(log, text, at_line_start)
                with self._changed:
                    self._text += text
                    self._changed.notify_all()
                time.sleep(GATHER)
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _receive(self):
        try:
            return self._socket.recv(65536)
        except OSError:
            return b""

    def _stamp(self, log, text, at_line_start):
        for line in text.replace("\r", "").splitlines(keepends=True):
            if at_line_start:
                log.write(f"[{self._clock():8.3f}] ")
            log.write(line)
            at_line_start = line.endswith("\n")
        log.flush()
        return at_line_start
