# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Sets of addresses as sorted, disjoint, half-open (start, end) pairs."""


def union(*sets):
    merged = []
    for start, end in sorted(pair for s in sets for pair in s if pair[0] < pair[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def intersect(a, b):
    a, b = union(a), union(b)
    out, i, j = [], 0, 0
    while i < len(a) and j < len(b):
        start, end = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if start < end:
            out.append((start, end))
        if a[i][1] < b[j][1]:
            i += 1
        else:
            j += 1
    return out


def subtract(a, b):
    out, holes, j = [], union(b), 0
    for start, end in union(a):
        while j < len(holes) and holes[j][1] <= start:
            j += 1
        k = j
        while k < len(holes) and holes[k][0] < end:
            if start < holes[k][0]:
                out.append((start, holes[k][0]))
            start = holes[k][1]
            k += 1
        if start < end:
            out.append((start, end))
    return out


def sized(pairs):
    """(base, size) pairs as a set."""
    return union([(base, base + size) for base, size in pairs])


def total(a):
    return sum(end - start for start, end in a)


def text(a, limit=4):
    shown = " ".join(f"{start:#x}-{end:#x}" for start, end in a[:limit])
    return shown + (f" and {len(a) - limit} more" if len(a) > limit else "") if a else "nothing"


def difference(got, want):
    """None when equal, else words for what is missing and what is too much."""
    missing, surplus = subtract(want, got), subtract(got, want)
    if not missing and not surplus:
        return None
    return f"missing {text(missing)}; too much {text(surplus)}"
