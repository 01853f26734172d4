# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""A drill as one page of HTML: nothing in it comes from elsewhere, and nothing in it runs."""

import html

from report import mib, printable
from story import WORDS

MIB = 1 << 20
MAP_ROWS = 16
# Of a row: what is smaller would not be seen.
MAP_LEAST = .006

STYLE = """
:root { color-scheme: light dark; --back: #fbfaf8; --text: #1d1d1f; --dim: #6a6a70; --line: #d9d6d0; --card: #fff;
  --ok: #1a7f37; --warning: #9a6700; --critical: #c0262d; --unknown: #57606a;
  --kernel: #3b6fb6; --initrd: #7a9e3c; --kept: #c77f1a; --small: #8a5fb0; --taken: #9a9a9a; --free: #e9e6e0; }
@media (prefers-color-scheme: dark) {
  :root { --back: #16171a; --text: #e8e6e3; --dim: #9c9ca3; --line: #35363b; --card: #1f2024;
    --ok: #3fb950; --warning: #d29922; --critical: #f4685f; --unknown: #8b949e;
    --kernel: #6b9fe4; --initrd: #9cc35c; --kept: #e0a04a; --small: #b48ad8; --taken: #6b6b70; --free: #2c2d32; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 3rem; background: var(--back); color: var(--text);
  font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; line-height: 1.3; margin: 0 0 .3rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .6rem; }
.badge { display: inline-block; padding: .1rem .6rem; border-radius: .3rem; color: var(--back); font-weight: 600;
  font-size: .9rem; margin-right: .5rem; vertical-align: .1rem; }
.OK .badge { background: var(--ok); } .WARNING .badge { background: var(--warning); }
.CRITICAL .badge { background: var(--critical); } .UNKNOWN .badge { background: var(--unknown); }
.dim, dt, th { color: var(--dim); font-weight: normal; } p { margin: .3rem 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .8rem 1rem; }
.cause { margin-top: .6rem; border-left: .3rem solid var(--critical); } .WARNING .cause { border-left-color: var(--warning); }
code, pre { font: .85rem/1.45 ui-monospace, "DejaVu Sans Mono", monospace; }
pre { overflow-x: auto; margin: 0; }
.step { display: grid; grid-template-columns: 11rem 4.5rem 1fr; gap: 0 .8rem; align-items: center; padding: .25rem 0; }
.step + .step { border-top: 1px solid var(--line); } .step time { text-align: right; font-variant-numeric: tabular-nums; }
.track { background: var(--free); height: .7rem; border-radius: .2rem; position: relative; }
.track span { position: absolute; top: 0; bottom: 0; background: var(--kernel); border-radius: .2rem; min-width: 3px; }
.step p { grid-column: 2 / -1; margin: 0; font-size: .85rem; }
.chart { display: grid; grid-template-columns: 4.5rem 1fr; gap: .2rem .6rem; font-size: .8rem; }
.chart .y { display: flex; flex-direction: column; justify-content: space-between; text-align: right; }
.chart svg { width: 100%; height: 14rem; background: var(--card); border: 1px solid var(--line); display: block; }
.chart .x { grid-column: 2; display: flex; justify-content: space-between; }
.map svg { width: 100%; height: 16rem; display: block; } .map { font-size: .8rem; }
path, line { vector-effect: non-scaling-stroke; fill: none; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; padding: 0; margin: .6rem 0 0; list-style: none; font-size: .85rem; }
.legend i { display: inline-block; width: .8rem; height: .8rem; border-radius: .15rem; margin-right: .35rem; vertical-align: -.1rem; }
.map table { display: block; overflow-x: auto; white-space: nowrap; } table { border-collapse: collapse; } td, th { padding: .15rem 1rem .15rem 0; text-align: left; vertical-align: top; }
@media (max-width: 34rem) { .step { grid-template-columns: 1fr auto; } .track { grid-column: 1 / -1; }
  .step p { grid-column: 1 / -1; } .chart { grid-template-columns: 3.6rem 1fr; } h1 { font-size: 1.2rem; } }
"""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>kdump-drill: {word}</title>
<style>{style}</style>
</head>
<body class="{word}">
{body}
</body>
</html>
"""


def write(path, result, advice=None):
    with open(path, "w", encoding="utf-8") as file:
        file.write(page(result, advice))


def page(result, advice=None):
    parts = [_head(result), _advice(advice) if advice else "", _time_line(result), _curve(result), _map(result),
             _notes(result), _lines("The dump's log ended with", result.log),
             _lines("The console ended with", result.console)]
    return PAGE.format(word=WORDS[result.status], style=STYLE, body="\n".join(part for part in parts if part))


def _safe(text):
    return html.escape(printable(text))


def _head(result):
    facts = f"Linux {result.release or '?'} on {result.arch}, a virtual machine of {result.memory}"
    if result.crashkernel:
        facts += f", crashkernel={result.crashkernel}"
    if not result.accelerated:
        facts += "; an emulated processor: times are longer than on a real one"
    said = (f"<h1><span class=\"badge\">{WORDS[result.status]}</span>{_safe(result.sentence)}</h1>\n"
            f"<p class=\"dim\">{_safe(facts)}</p>")
    if result.cause:
        said += (f"\n<div class=\"card cause\"><p><strong>{_safe(result.cause.sentence)}</strong></p>"
                 + (f"<p><code>{_safe(result.cause.line)}</code></p>" if result.cause.line else "")
                 + f"<p>{_safe(result.cause.remedy)}</p></div>")
    return said + "".join(f"\n<p>⚠ {_safe(warning)}</p>" for warning in result.warnings)


def _advice(advice):
    rows = "".join(f"<tr><td>{size // MIB} MiB</td><td>{_safe(verdict)}</td></tr>" for size, _, verdict in sorted(advice.runs))
    why = "".join(f"<li>{margin.size // MIB} MiB: {_safe(margin.why)}</li>" for margin in advice.margins)
    return (f"<h2>Advice: <code>{_safe(advice.parameter())}</code></h2>\n<div class=\"card\"><p>{advice.smallest // MIB} MiB"
            f" captured; added to it:</p><ul>{why}</ul><table><tr><th>crashkernel=</th><th>drill</th></tr>{rows}</table></div>")


def _time_line(result):
    if not result.steps:
        return ""
    end = max(step.at for step in result.steps) or 1
    rows, before = [], 0
    for step in result.steps:
        left, width = 100 * before / end, 100 * (step.at - before) / end
        rows.append(f"<div class=\"step\"><span>{_safe(step.name)}</span><time>{step.at:.1f} s</time>"
                    f"<div class=\"track\"><span style=\"left:{left:.2f}%;width:{width:.2f}%\"></span></div>"
                    f"<p class=\"dim\">{_safe(step.text)}</p></div>")
        before = step.at
    return "<h2>From switching on to the end</h2>\n<div class=\"card\">" + "\n".join(rows) + "</div>"


def _curve(result):
    if not result.samples or not result.reserved:
        return ""
    first, last = result.samples[0].at, result.samples[-1].at
    span, top = max(last - first, .1), result.reserved / 1024

    def path(what):
        points = [f"{1000 * (sample.at - first) / span:.1f} {1000 * (1 - getattr(sample, what) / top):.1f}"
                  for sample in result.samples]
        return "M" + " L".join(points)

    total = 1000 * (1 - result.samples[-1].total / top)
    lowest = result.lowest("free")
    return ("<h2>Free memory of the capture kernel</h2>\n<div class=\"chart\">"
            f"<div class=\"y dim\"><span>{mib(top)}</span><span>{mib(top / 2)}</span><span>0</span></div>"
            "<svg viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"free memory over time\">"
            f"<line x1=\"0\" x2=\"1000\" y1=\"{total:.1f}\" y2=\"{total:.1f}\" style=\"stroke:var(--taken);stroke-width:1;"
            "stroke-dasharray:4 4\"/>"
            f"<path d=\"{path('available')}\" style=\"stroke:var(--initrd);stroke-width:2\"/>"
            f"<path d=\"{path('free')}\" style=\"stroke:var(--kernel);stroke-width:2\"/></svg>"
            f"<div class=\"x dim\"><span>{first:.1f} s after it started</span><span>{last:.1f} s</span></div></div>"
            "<ul class=\"legend\">"
            f"<li><i style=\"background:var(--kernel)\"></i>free: {mib(lowest.free)} at least</li>"
            f"<li><i style=\"background:var(--initrd)\"></i>available: {mib(result.lowest('available').available)} at least</li>"
            f"<li><i style=\"background:var(--taken)\"></i>what the capture kernel has in all: {mib(lowest.total)},"
            f" of {mib(top)} reserved</li></ul>")


def _colour(segment):
    if segment["hotplug"]:
        return "kept"
    name = segment["name"].split("-")[0]
    return name if name in ("kernel", "initrd") else "small"


def _map(result):
    """To scale: a row is a sixteenth of the crash region; what is small is drawn last, and wide enough to be seen."""
    try:
        plan = result.plan
        region = plan["ranges"]["crash_region"][0]
        start, end = int(region["start"], 16), int(region["end"], 16)
        parts = [(int(part["start"], 16), int(part["end"], 16), "taken", part["why"]) for part in plan["ranges"]["avoid"]]
        parts += [(int(segment["address"], 16), int(segment["address"], 16) + segment["memsz"], _colour(segment),
                   segment["name"]) for segment in sorted(plan["segments"], key=lambda segment: -segment["memsz"])]
    except (KeyError, TypeError, IndexError, ValueError):
        return ""
    row = (end - start) / MAP_ROWS
    drawn = [f"<rect x=\"0\" y=\"{i}\" width=\"1\" height=\".86\" style=\"fill:var(--free)\"/>" for i in range(MAP_ROWS)]
    for first, last, colour, name in parts:
        for i in range(MAP_ROWS):
            left, right = (max(first, start + i * row) - start) / row - i, (min(last, start + (i + 1) * row) - start) / row - i
            if left < right:
                left = min(left, 1 - MAP_LEAST)
                drawn.append(f"<rect x=\"{left:.5f}\" y=\"{i}\" width=\"{max(right - left, MAP_LEAST):.5f}\" height=\".86\""
                             f" style=\"fill:var(--{colour})\"><title>{_safe(name)}</title></rect>")
    used = sum(segment["memsz"] for segment in plan["segments"])
    legend = "".join(f"<tr><td><i style=\"background:var(--{_colour(segment)})\"></i>{_safe(segment['name'])}</td>"
                     f"<td><code>{segment['address']}</code></td><td>{max(segment['memsz'] // 1024, 1):,} KiB</td>"
                     f"<td class=\"dim\">{'rewritten on hotplug' if segment['hotplug'] else 'verified' if segment['digest'] else ''}"
                     "</td></tr>" for segment in plan["segments"])
    return (f"<h2>The crash region: {region['start']}–{region['end']}, {(end - start) // MIB} MiB,"
            f" {(end - start - used) // MIB} MiB to run in</h2>\n<div class=\"map\">"
            f"<svg viewBox=\"0 0 1 {MAP_ROWS}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"memory map\">{''.join(drawn)}"
            f"</svg><div class=\"legend\"><table>{legend}</table></div></div>")


def _notes(result):
    if not result.notes:
        return ""
    return "<h2>To be known</h2>\n<ul>" + "".join(f"<li>{_safe(note)}</li>" for note in result.notes) + "</ul>"


def _lines(title, lines):
    if not lines:
        return ""
    return f"<h2>{title}</h2>\n<div class=\"card\"><pre>" + "\n".join(_safe(line) for line in lines) + "</pre></div>"
