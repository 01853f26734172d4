# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""The page as a browser shows it: light and dark, wide and narrow, beside what it looked like before."""

import os
import re
import struct
import subprocess
import tempfile
import zlib

import advise
import causes
import page
from failure import expect
from host import MIB, PLAN
from scripts import last_line
from story import CRITICAL, OK, Result, Sample, Step
from tap import expect_same

HERE = os.path.dirname(os.path.abspath(__file__))
# What the pages looked like, as shades of sixteen.
SCREENS = os.path.join(HERE, "screens.txt")
WRITE = "KEXEC_TEST_WRITE_GOLDEN"
BROWSER = "chromium-headless-shell"
SCHEMES = {"dark": 0, "light": 1}
WIDTHS = {"wide": (1100, 2400), "narrow": (380, 3000)}
COLUMNS, ROW = 40, 24
# Fonts and browsers differ a little: of sixteen shades, on average and in the worst row.
DIFFERS, DIFFERS_SOMEWHERE = .6, 4


def _browser():
    return last_line("bash", "-c", f'. "{HERE}/../lib/packages.sh"; need {BROWSER} fonts-dejavu-core >&2 || exit; '
                                   f'command -v {BROWSER}')


class Picture:
    """Of a PNG file as a browser writes it: 8 bits, three or four channels, not interlaced."""

    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        self.width, self.height, depth, kind, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
        expect(depth == 8 and kind in (2, 6) and not interlaced, f"{path}: {depth} bits, kind {kind}")
        self.channels, packed, at = {2: 3, 6: 4}[kind], b"", 8
        while at < len(data):
            size, name = struct.unpack_from(">I4s", data, at)
            packed += data[at + 8:at + 8 + size] if name == b"IDAT" else b""
            at += size + 12
        self.rows = list(self._unfilter(zlib.decompress(packed)))

    def _unfilter(self, data):
        step, length = self.channels, self.width * self.channels
        above = bytes(length)
        for row in range(self.height):
            kind, line = data[row * (length + 1)], bytearray(data[row * (length + 1) + 1:(row + 1) * (length + 1)])
            if kind == 2:
                line = bytearray((a + b) & 255 for a, b in zip(line, above))
            for i in range(length if kind in (1, 3, 4) else 0):
                left = line[i - step] if i >= step else 0
                corner = above[i - step] if i >= step else 0
                line[i] = (line[i] + (left, above[i], (left + above[i]) // 2, _paeth(left, above[i], corner))[kind - 1]) & 255
            above = bytes(line)
            yield above

    def pixel(self, x, y):
        return tuple(self.rows[y][x * self.channels:x * self.channels + 3])

    def count(self, colour):
        """How many pixels have exactly this."""
        step = self.channels
        wanted = bytes(colour)
        return sum(row[i:i + 3] == wanted for row in self.rows if wanted in row for i in range(0, len(row), step))

    def end(self):
        """The first row below which all is of one colour."""
        blank = self.rows[-1]
        return max(y for y in range(self.height) if self.rows[y] != blank) + 1

    def shades(self):
        """A letter for each part."""
        lines = []
        for top in range(0, self.end(), ROW):
            line = ""
            for column in range(COLUMNS):
                left, right = (at * self.width // COLUMNS * self.channels for at in (column, column + 1))
                part = b"".join(row[left + channel:right:self.channels] for row in self.rows[top:top + ROW] for channel in range(3))
                line += f"{sum(part) // len(part) // 16:x}"
            lines.append(line)
        return lines


def _paeth(left, above, corner):
    guess = left + above - corner
    return min((abs(guess - left), 0, left), (abs(guess - above), 1, above), (abs(guess - corner), 2, corner))[2]


def _colours(scheme):
    """{name: (red, green, blue)} of the style sheet."""
    light, dark = page.STYLE.split("@media (prefers-color-scheme: dark)")
    found = {}
    for part in (light, dark.split("} }")[0]) if scheme == "dark" else (light,):
        for name, value in re.findall(r"--(\w+): (#[0-9a-f]{3,6})", part):
            digits = value[1:] if len(value) == 7 else "".join(2 * digit for digit in value[1:])
            found[name] = tuple(bytes.fromhex(digits))
    return found


def _shoot(directory, text, scheme, size):
    source, target = os.path.join(directory, "page.html"), os.path.join(directory, "page.png")
    with open(source, "w", encoding="utf-8") as file:
        file.write(text)
    subprocess.run([_browser(), "--no-sandbox", "--hide-scrollbars", f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
                    f"--window-size={size[0]},{size[1]}", f"--screenshot={target}", f"file://{source}"],
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120, check=True)
    return Picture(target)


def _example():
    """A drill that failed, with all that a page can have."""
    result = Result(arch="ppc64le", release="6.12.0", crashkernel="256M", reserved=256 * MIB, memory="2048M", plan=PLAN,
                    steps=[Step("booted", 9.3, "Linux 6.12.0"), Step("loaded", 11.2, "in 1.1 s: kexec -p --hotplug"),
                           Step("CPU added", 12.9, "CPU 1"), Step("crashed", 13.2, "on CPU 1 of 2")],
                    samples=[Sample(2 + i / 4, 230000, 150000 - 4000 * i, 140000 - 4000 * i) for i in range(30)],
                    console=[f"[    {i}.0] a line of the console" for i in range(8)], notes=["times are those of an emulated processor"])
    result.judge(CRITICAL, "lost", "a crash would leave no dump", causes.classify("Out of memory: Killed process 1"))
    return page.page(result, advise.Advice(192 * MIB, 160 * MIB, (advise.Margin(38 * MIB, "a fifth"),), 240 * MIB,
                                           ((160 * MIB, False, "lost"), (192 * MIB, True, "captured")), True))


def looks_as_before():
    """Each of the four beside what it was; and nothing is cut off or sticks out."""
    seen = {}
    with tempfile.TemporaryDirectory() as directory:
        for scheme in SCHEMES:
            for width, size in WIDTHS.items():
                picture = _shoot(directory, _example(), scheme, size)
                name, back = f"{scheme}, {width}", _colours(scheme)["back"]
                expect_same(f"{name}: the background", picture.pixel(1, 1), back)
                expect(picture.end() < size[1], f"{name}: the page is longer than {size[1]}")
                edge = {picture.pixel(x, y) for y in range(0, picture.end(), 3) for x in (0, 1, size[0] - 2, size[0] - 1)}
                expect_same(f"{name}: colours at the edges", edge, {back})
                seen[name] = picture.shades()
    if os.environ.get(WRITE):
        _write(seen)
    before = _read()
    expect_same("the screens", set(seen), set(before))
    for name, lines in seen.items():
        expect(abs(len(lines) - len(before[name])) <= 2, f"{name}: {len(lines)} rows, there were {len(before[name])}")
        apart = [abs(int(a, 16) - int(b, 16)) for line, old in zip(lines, before[name]) for a, b in zip(line, old)]
        rows = [sum(apart[i:i + COLUMNS]) / COLUMNS for i in range(0, len(apart), COLUMNS)]
        expect(sum(apart) / len(apart) <= DIFFERS and max(rows) <= DIFFERS_SOMEWHERE,
               f"{name}: {sum(apart) / len(apart):.2f} shades apart, at worst {max(rows):.2f} in row {rows.index(max(rows))};"
               f" look at it, then {WRITE}=1")


def _write(seen):
    with open(SCREENS, "w", encoding="ascii") as file:
        for name, lines in seen.items():
            file.write("\n".join([f"= {name}", *lines, ""]))


def _read():
    found, name = {}, ""
    with open(SCREENS, encoding="ascii") as file:
        for line in file.read().splitlines():
            if line.startswith("= "):
                name = line[2:]
                found[name] = []
            else:
                found[name].append(line)
    return found


def map_is_to_scale():
    """The pixels of kernel, headers and free memory are as many as their bytes; in both schemes."""
    result = Result(plan=PLAN)
    result.judge(OK, "captured", "a crash would leave a dump")
    with tempfile.TemporaryDirectory() as directory:
        for scheme in SCHEMES:
            picture, colours = _shoot(directory, page.page(result), scheme, WIDTHS["wide"]), _colours(scheme)
            kernel, free = picture.count(colours["kernel"]), picture.count(colours["free"])
            expect(abs(free / kernel - 191 / 64) < .15, f"{scheme}: {kernel} pixels of the kernel, {free} are free: {free / kernel:.2f}")
            expect(picture.count(colours["kept"]) > 50, f"{scheme}: the headers are not seen")


TESTS = {"the page looks as before": looks_as_before, "the map is to scale": map_is_to_scale}
