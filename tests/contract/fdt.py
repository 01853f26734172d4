# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""A strict reader of flattened device trees (Devicetree Specification chapter 5)."""
import struct

MAGIC, HEADER_SIZE = 0xd00dfeed, 40
BEGIN_NODE, END_NODE, PROP, NOP, END = 1, 2, 3, 4, 9


class Bad(ValueError):
    """The blob is not what the specification allows."""


def align4(n):
    return (n + 3) & ~3


class Node:
    def __init__(self, name):
        self.name = name
        self.props = {}         # name → bytes
        self.offsets = {}       # name → where the value lies in the blob
        self.children = []

    def child(self, name):
        return next((c for c in self.children if c.name == name), None)

    def walk(self):
        yield self
        for child in self.children:
            yield from child.walk()

    def is_type(self, device_type):
        return self.props.get("device_type") == device_type.encode() + b"\0"


class Tree:
    def __init__(self, blob):
        if len(blob) < HEADER_SIZE:
            raise Bad("shorter than a header")
        self.blob = blob
        (self.magic, self.totalsize, self.off_struct, self.off_strings, self.off_reserve,
         self.version, self.last_comp, self.boot_cpu, self.size_strings,
         self.size_struct) = struct.unpack_from(">10I", blob)
        if self.magic != MAGIC:
            raise Bad(f"magic {self.magic:#x}")
        self.check_order()
        self.reserve = self.read_reserve()
        self.root = self.read_struct()

    def free(self):
        return self.totalsize - self.off_strings - self.size_strings

    def check_order(self):
        """The order that libfdt's writing functions insist on."""
        if self.off_reserve < HEADER_SIZE or self.off_reserve % 8:
            raise Bad(f"reserve map at {self.off_reserve}")
        if self.off_struct % 4 or self.off_struct < self.off_reserve + 16:
            raise Bad(f"structure block at {self.off_struct}")
        if self.off_struct + self.size_struct > self.off_strings:
            raise Bad("structure block runs into the strings")
        if self.free() < 0:
            raise Bad("totalsize ends before the strings do")
        if self.off_strings + self.size_strings > len(self.blob):
            raise Bad("strings run out of the file")

    def read_reserve(self):
        entries, at = [], self.off_reserve
        while at + 16 <= self.off_struct:
            address, size = struct.unpack_from(">QQ", self.blob, at)
            if not size:
                return entries
            entries.append((address, size))
            at += 16
        raise Bad("reserve map without an end")

    def string(self, offset):
        if offset >= self.size_strings:
            raise Bad(f"property name at {offset} is out of the strings block")
        start = self.off_strings + offset
        end = self.blob.find(b"\0", start, self.off_strings + self.size_strings)
        if end < 0:
            raise Bad("property name without an end")
        return self.blob[start:end].decode()

    def strings(self):
        """libfdt finds a name here wherever its bytes and a NUL are, tails of others included."""
        return bytes(self.blob[self.off_strings:self.off_strings + self.size_strings])

    def begin(self, stack, at):
        end = self.blob.find(b"\0", at, self.off_struct + self.size_struct)
        if end < 0:
            raise Bad("node name without an end")
        node = Node(self.blob[at:end].decode())
        if stack:
            stack[-1].children.append(node)
        elif node.name:
            raise Bad("the root has a name")
        return node, at + align4(end - at + 1)

    def prop(self, node, at):
        length, name_at = struct.unpack_from(">II", self.blob, at)
        name, start = self.string(name_at), at + 8
        if start + length > self.off_struct + self.size_struct:
            raise Bad(f"{name} runs out of the structure block")
        if node.children:
            raise Bad(f"{name} comes after a child of {node.name}")
        if name in node.props:
            raise Bad(f"{node.name} has two properties {name}")
        node.props[name] = bytes(self.blob[start:start + length])
        node.offsets[name] = start
        return start + align4(length)

    def read_struct(self):
        root, stack, at = None, [], self.off_struct
        end = at + self.size_struct
        while at + 4 <= end:
            tag, = struct.unpack_from(">I", self.blob, at)
            at += 4
            if tag == BEGIN_NODE and (stack or root is None):
                node, at = self.begin(stack, at)
                root = root or node
                stack.append(node)
            elif tag == END_NODE and stack:
                stack.pop()
            elif tag == PROP and stack:
                at = self.prop(stack[-1], at)
            elif tag == END and root and not stack:
                if at != end:
                    raise Bad("bytes after the end tag")
                return root
            elif tag != NOP:
                raise Bad(f"tag {tag} at {at - 4}")
        raise Bad("structure block without an end tag")


def node_cost(name, props):
    """What libfdt spends on a node in the structure block; props: name → value."""
    return 4 + align4(len(name) + 1) + sum(12 + align4(len(v)) for v in props.values()) + 4


def from_machine(name, node):
    """The tree of a generated machine in this module's shape, with collision suffixes taken off."""
    out = Node(name)
    for key, value in node.items():
        real = key.rpartition("#")[0] if is_collision(key, node) else key
        if isinstance(value, dict):
            out.children.append(from_machine(real, value))
        else:
            out.props[real] = value
    return out


def is_collision(key, siblings):
    """The kernel names the second "x" of a directory "x#1" (drivers/of/kobj.c:safe_name)."""
    base, _, number = key.rpartition("#")
    return number.isdigit() and base in siblings


def compare(got, want, path=""):
    """Differences of two trees, as sentences; the order of siblings is free."""
    for name in sorted(got.props.keys() | want.props.keys()):
        ours, theirs = got.props.get(name), want.props.get(name)
        if ours != theirs:
            yield f"{path}/{name}: {shown(ours)}, expected {shown(theirs)}"
    ours = sorted(got.children, key=sort_key)
    theirs = sorted(want.children, key=sort_key)
    if [c.name for c in ours] != [c.name for c in theirs]:
        yield f"{path}/: children {[c.name for c in ours]}, expected {[c.name for c in theirs]}"
        return
    for a, b in zip(ours, theirs):
        yield from compare(a, b, f"{path}/{a.name}")


def sort_key(node):
    return node.name, sorted(node.props.items())


def shown(value):
    return "absent" if value is None else value.hex() if len(value) <= 32 else f"{len(value)} bytes"
