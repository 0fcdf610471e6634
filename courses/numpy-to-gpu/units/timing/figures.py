"""Draws figures/*.svg: run `python figures.py` in this folder. Code: Apache-2.0."""

from pathlib import Path
from statistics import mean, median

HERE = Path(__file__).parent / "figures"
INK, COOL, WARM, PAPER = "#1b1b1b", "#cfe3f5", "#f8d9b8", "#ffffff"
SERIES = [412.0, 2.07, 2.04, 2.05, 2.03, 2.06, 9.87, 2.04, 2.05, 2.03, 2.04, 5.12]


def box(x, y, width, height, fill):
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{fill}" stroke="{INK}"/>'


def text(x, y, words, size=15, anchor="middle"):
    return f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}" fill="{INK}">{words}</text>'


def line(x1, y1, x2, y2, width=1.5, dash="", head=False):
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    end = ' marker-end="url(#head)"' if head else ""
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{INK}" stroke-width="{width}"{dashes}{end}/>'


def save(name, width, height, parts):
    head = f'<path d="M0 0 L7 3.5 L0 7 z" fill="{INK}"/>'
    marker = (
        '<marker id="head" markerUnits="userSpaceOnUse" markerWidth="9" markerHeight="9" refX="7" refY="3.5" '
        f'orient="auto">{head}</marker>'
    )
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif">',
        f"<defs>{marker}</defs>",
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>',
        *parts,
        "</svg>",
    ]
    (HERE / f"{name}.svg").write_text("\n".join(lines) + "\n", encoding="utf-8")


def bracket(x1, x2, y, up):
    tip = y + (10 if up else -10)
    return [line(x1, y, x2, y, 2.5), line(x1, y, x1, tip, 2.5), line(x2, y, x2, tip, 2.5)]


def stopwatch():
    """Host and device: three short orders, three long pieces of work, and what each of two clocks spans."""
    parts = [text(20, 95, "Host", 16, "start"), text(20, 185, "Device", 16, "start")]
    for number, name in enumerate("ABC"):
        order, start = 110 + 38 * number, 130 + 180 * number
        parts += [box(order, 70, 34, 38, COOL), text(order + 17, 94, name)]
        parts += [box(start, 160, 180, 38, WARM), text(start + 90, 184, name)]
        parts.append(line(order + 17, 108, max(start + 6, order + 17), 157, head=True))
    parts += [*bracket(104, 226, 48, True), text(165, 36, "time.time()", 15)]
    parts += [*bracket(130, 670, 222, False), text(400, 246, "Event – Event", 15)]
    parts += [line(110, 275, 700, 275, head=True), text(716, 280, "t")]
    save("stopwatch", 740, 295, parts)


def series():
    """The series of the text as bars, without the first for mean and median."""
    left, floor, scale = 70, 250, 20
    rest = SERIES[1:]
    parts = [line(left - 10, floor, 660, floor)]
    for number, value in enumerate(SERIES):
        x, height = left + 48 * number, min(scale * value, 215)
        parts.append(box(x, floor - height, 34, height, WARM if value > 3 else COOL))
        parts.append(text(x + 17, floor + 18, f"{value:g}", 13))
    parts.append(f'<path d="M{left - 6} 62 l46 -12 v10 l-46 12 z" fill="{PAPER}" stroke="{INK}"/>')
    for value, name, dash in ((mean(rest), "x̄", "7 5"), (median(rest), "Median", "")):
        y = floor - scale * value
        parts += [line(left + 44, y, 668, y, 2, dash), text(674, y + 5, f"{name} {value:.2f}", 14, "start")]
    save("series", 780, 285, parts)


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    stopwatch()
    series()
