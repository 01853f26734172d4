# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Mutants: one small wrong change of a C source each, made by rule.

A mutant is known by what it changes (file, function, kind, the statement with the change in it),
not by a line number or a layout, so that what is said about it stays true while the file changes
around it.
"""
import re
from collections import Counter
from dataclasses import dataclass

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
COMMENT = r"/\*.*?\*/|//[^\n]*"
STRING = r'"(?:[^"\\\n]|\\.)*"'
HIDDEN = re.compile(rf"{COMMENT}|{STRING}|'(?:[^'\\\n]|\\.)+'|^#(?:[^\n]|\\\n)*", re.M | re.S)
# What refuses: fail() and fail_in(), and what files have made of them for themselves.
REFUSAL = re.compile(r"(?:\breturn|(?<![=!<>])=|\?|:) (?=(?:(?:fail|fail_in|failed|bad|prove_wrong|wrong_type|bad_length|"
                     r"blob_error|cannot_start|load_failed)\(|-E[A-Z0-9]+\b))")


@dataclass(frozen=True)
class Mutant:
    path: str
    function: str
    kind: str
    change: str     # the statement, with "[before -> after]" in it
    number: int     # among those which are equal otherwise
    start: int      # source[start:end] becomes text
    end: int
    text: str
    line: int

    @property
    def key(self):
        return self.path, self.function, self.kind, self.change, self.number


# Which mutant a program is: the number of it in the environment, 0 is none.
CHOICE = """\
extern char *getenv(const char *);
extern int atoi(const char *);
static int mutant_chosen;
__attribute__((constructor)) static void mutant_choose(void)
{
	mutant_chosen = getenv("%s") ? atoi(getenv("%s")) : 0;
}
"""
ENVIRONMENT = "KEXEC_MUTANT"


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
    """(start, end) of the text between the parentheses, and whether a return follows."""
    for m in re.finditer(r"\bif \(", body):
        end = closing(body, m.end() - 1)
        yield m.end(), end, re.match(r"\)\s*return\b", body[end:])


def changes(body):
    """(kind, start, end, text) within a function's body; %s in the text is what was there."""
    for m in re.finditer(r"(?<=[\w)\]] )(<=|>=|<|>|==|!=)(?= ?\n?\s*[\w(!&*~'-])", body):
        yield "compare", m.start(), m.end(), COMPARE[m.group()]
    for m in re.finditer(r"(?<= )(&&|\|\|)(?=\s)", body):
        yield "logic", m.start(), m.end(), {"&&": "||", "||": "&&"}[m.group()]
    for start, end, returns in conditions(body):
        yield "never", start, end, "(%s) && 0"
        if not returns:
            yield "always", start, end, "(%s) || 1"
    for m in REFUSAL.finditer(body):
        word = re.match(r"-?\w+", body[m.end():]).end() + m.end()
        yield "succeed", m.end(), closing(body, word) + 1 if body[word] == "(" else word, "(%s, 0)"
    for m in re.finditer(r" [+-] 1\b(?! ?<<)", body):
        yield "one", m.start(), m.end(), ""


def statements(hidden):
    """(start, end) of each statement of a body: up to its semicolon or brace, or to the condition's end.
    What a member of a structure is set to is one, too."""
    at = depth = 0
    for i, c in enumerate(hidden):
        depth += {"(": 1, ")": -1}.get(c, 0)
        ends = c in ";{}" or (c == "," and re.match(r"\s*\.\w", hidden[i + 1:])) or \
            (c == ")" and re.match(r"[\s}]*(else )?(if|for|while|switch) ", hidden[at:i]))
        if depth == 0 and ends:
            yield at, i + 1
            at = i + 1


def squeezed(text):
    """Without what a change of the layout changes: white space, and where strings are cut in two."""
    text = re.sub(rf"({STRING})|{COMMENT}", lambda m: m.group(1) or "", text, flags=re.S)
    text = re.sub(r'(?<=[^\\])"\s+"', "", text)
    return re.sub(r"(?<=[(]) | (?=[),;])", "", " ".join(text.split())).strip("{}, ")


def described(kind, statement, before, after):
    if kind == "empty":
        return squeezed(after) or "nothing"
    if kind in ("never", "always", "succeed"):
        return squeezed(statement[0] + before + statement[1])
    return squeezed(f"{statement[0]}[{before.strip()} -> {after}]{statement[1]}")


def of_function(source, hidden, m):
    at, body = m.start("body"), m.group("body")
    spans = list(statements(body))
    done = re.sub(r"\(void\)\w+;", "", body).strip()
    for text in nothing_done(m.group("type")):
        if text.strip() == done:
            continue
        yield "empty", at, at + len(body), text, described("empty", None, None, text)
    for kind, start, end, text in changes(body):
        whole = next((s, e) for s, e in spans if s <= start < e)
        around = source[at + whole[0]:at + start], source[at + end:at + max(whole[1], end)]
        before = source[at + start:at + end]
        change = described(kind, around, before, text)
        yield kind, at + start, at + end, text.replace("%s", before), change


def mutants_of(path, source):
    seen = Counter()
    hidden = hide(source)
    for m in FUNCTION.finditer(hidden):
        for kind, start, end, text, change in of_function(source, hidden, m):
            key = (path, m.group("name"), kind, change)
            seen[key] += 1
            yield Mutant(*key, seen[key], start, end, text, source.count("\n", 0, start) + 1)


def all_in_one(source, numbered):
    """The source with all of these mutants, {number: mutant}, in it: each function has a body for each of
    its own, and obeys CHOICE. So a file is compiled once."""
    out, at = [CHOICE % (ENVIRONMENT, ENVIRONMENT)], 0
    for m in FUNCTION.finditer(hide(source)):
        start, end = m.span("body")
        bodies = "".join(
            f"case {number}: {{\n{source[start:mutant.start]}{mutant.text}{source[mutant.end:end]}}} break;\n"
            for number, mutant in numbered.items() if start <= mutant.start < end)
        if bodies:
            out += [source[at:start], f"switch (mutant_chosen) {{\n{bodies}default: {{\n",
                    source[start:end], "} break;\n}\n"]
            at = end
    return "".join(out) + source[at:]


def joined(source):
    """The same in longer lines: of what is in parentheses, none begins a new one."""
    hidden, depth, out = hide(source), 0, []
    for i, c in enumerate(hidden):
        depth += {"(": 1, ")": -1}.get(c, 0)
        out.append(" " if c == "\n" and depth > 0 else source[i])
    return "".join(out)
