# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Mutants: one small wrong change of a C source each, made by rule.

A mutant is known by what it changes (file, function, kind, the text before and after), not by
a line number, so that what is said about it stays true while the file changes around it.
"""
import re
from collections import Counter
from dataclasses import dataclass

# What can make a wrong image, or take a hostile file for a sound one. Of the first, each mutant is
# noticed or explained: the sample is taken of them.
SETTLED = (
    "kexec/prove.c", "kexec/arch/*/prove.c", "kexec/rehearse.c", "kexec/arch/*/rehearse.c",
    "kexec/elfcorehdr.c", "kexec/arch/ppc64/cpunodes.c", "kexec/arch/ppc64/drconf.c",
    "kexec/arch/x86_64/boot-params.c", "kexec/arch/x86_64/e820.c",
    "kexec/format/bzimage.c", "kexec/format/uki.c", "kexec/format/zboot.c",
    "kexec/cmdline.c", "common/ranges.c", "common/elf.c", "common/idlist.c", "purgatory/purgatory.c",
)

# Of these, nobody has looked at all that is not noticed yet: only with --all and --only.
OTHERS = (
    "kexec/arch/x86_64/proofs.c", "kexec/arch/ppc64/capture.c", "kexec/image.c", "kexec/plan.c", "kexec/purgatory.c",
    "kexec/apply.c", "kexec/apply-file.c", "kexec/format/*.c",
    "kexec/arch/ppc64/crash.c", "kexec/arch/ppc64/fdt.c",
    "kexec/arch/ppc64/purgatory.c", "common/decompress.c",
)

KINDS = {
    "empty": "a function does nothing and says that all is well",
    "compare": "a comparison is off by one, or inverted",
    "logic": "\"and\" instead of \"or\", \"or\" instead of \"and\"",
    "never": "a condition is never true",
    "always": "a condition is always true",
    "succeed": "an error is returned as success",
    "one": "one more or less is forgotten",
}

COMPARE = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
FUNCTION = re.compile(r"^(?P<type>[a-z][^\n;={}()]*?)(?P<name>\w+)\([^;{}]*?\)\n\{\n(?P<body>.*?)^\}",
                      re.M | re.S)
HIDDEN = re.compile(r'/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|' r"'(?:[^'\\\n]|\\.)+'|^#(?:[^\n]|\\\n)*", re.M | re.S)
REFUSAL = re.compile(r"\breturn (?=(?:fail|fail_in|bad|wrong|-E[A-Z]+)\b)")


@dataclass(frozen=True)
class Mutant:
    path: str
    function: str
    kind: str
    before: str
    after: str
    number: int     # among those which are equal otherwise
    start: int      # source[start:end] becomes text
    end: int
    text: str
    line: int

    @property
    def key(self):
        return self.path, self.function, self.kind, self.before, self.after, self.number

    def applied(self, source):
        return source[:self.start] + self.text + source[self.end:]


def hide(source):
    """The same length, but no comment, string or directive."""
    return HIDDEN.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), source)


def closing(text, at):
    """Where the parenthesis that opens at @at closes."""
    depth = 0
    for i in range(at, len(text)):
        depth += {"(": 1, ")": -1}.get(text[i], 0)
        if not depth:
            return i
    raise ValueError("unbalanced parentheses")


def nothing_done(kind_of_value):
    """Bodies for a function that returns such a thing."""
    words = kind_of_value.split()
    if kind_of_value.rstrip().endswith("*"):
        return ["\treturn NULL;\n"]
    if "struct" in words:
        return [f"\treturn (struct {words[words.index('struct') + 1]}){{0}};\n"]
    if "bool" in words:
        return ["\treturn true;\n", "\treturn false;\n"]
    return [""] if "void" in words else ["\treturn 0;\n"]


def conditions(body):
    for m in re.finditer(r"\bif \(", body):
        end = closing(body, m.end() - 1)
        yield m.end(), end, re.match(r"\)\s*return\b", body[end:])


def changes(body):
    """(kind, start, end, text) within a function's body."""
    for m in re.finditer(r"(?<=[\w)\]] )(<=|>=|<|>|==|!=)(?= ?\n?\s*[\w(!&*~'-])", body):
        yield "compare", m.start(), m.end(), COMPARE[m.group()]
    for m in re.finditer(r"(?<= )(&&|\|\|)(?=\s)", body):
        yield "logic", m.start(), m.end(), {"&&": "||", "||": "&&"}[m.group()]
    for start, end, returns in conditions(body):
        yield "never", end, end, ") && 0"
        if not returns:
            yield "always", end, end, ") || 1"
    for m in REFUSAL.finditer(body):
        end = body.index(";", m.end())
        yield "succeed", m.end(), end, None
    for m in re.finditer(r" [+-] 1\b(?! ?<<)", body):
        yield "one", m.start(), m.end(), ""


def lines_of(source, start, end):
    first = source.rfind("\n", 0, start) + 1
    last = source.find("\n", end)
    return first, last


def describe(source, start, end, text):
    first, last = lines_of(source, start, end)
    mutated = source[first:start] + text + source[end:last]
    return " ".join(source[first:last].split()), " ".join(mutated.split())


def of_function(path, source, m):
    at, body = m.start("body"), m.group("body")
    for text in nothing_done(m.group("type")):
        yield "empty", at, at + len(body), text, "the body", text.strip() or "nothing"
    for kind, start, end, text in changes(body):
        start, end = at + start, at + end
        if kind in ("never", "always"):     # the whole condition, so that && and || bind as before
            opening = source.rindex("if (", 0, start)
            while closing(hide(source), opening + 3) != end:
                opening = source.rindex("if (", 0, opening)
            start, text = opening + 4, "(" + source[opening + 4:end] + text
        elif kind == "succeed":
            text = "(" + source[start:end] + ", 0)"
        yield kind, start, end, text, *describe(source, start, end, text)


def mutants_of(path, source):
    seen = Counter()
    hidden = hide(source)
    for m in FUNCTION.finditer(hidden):
        for kind, start, end, text, before, after in of_function(path, source, m):
            key = (path, m.group("name"), kind, before, after)
            seen[key] += 1
            yield Mutant(*key, seen[key], start, end, text, source.count("\n", 0, start) + 1)
