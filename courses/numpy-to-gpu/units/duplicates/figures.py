"""Draws figures/*.svg: run `python figures.py` in this folder. Code: Apache-2.0."""

from pathlib import Path

HERE = Path(__file__).parent / "figures"
INK, COOL, WARM, PAPER = "#1b1b1b", "#cfe3f5", "#f8d9b8", "#ffffff"


def box(x, y, width, height, fill, dash=""):
    extra = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="3" fill="{fill}" stroke="{INK}"{extra}/>'


def text(x, y, words, size=14):
    return f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="middle" fill="{INK}">{words}</text>'


def arrow(x1, y1, x2, y2):
    line = f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{INK}" stroke-width="1.5"'
    return f'{line} marker-end="url(#head)"/>'


def save(name, width, height, parts):
    marker = (
        '<marker id="head" markerUnits="userSpaceOnUse" markerWidth="8" markerHeight="8" refX="7" refY="3.5" '
        f'orient="auto"><path d="M0 0 L7 3.5 L0 7 z" fill="{INK}"/></marker>'
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


def bins():
    """Edges on a scale of degrees, the bins between them, and the two places outside."""
    edges = {20: 160, 40: 300, 60: 440, 80: 580}
    places = list(edges.values())
    parts = [box(20, 60, 140, 44, PAPER, "5 3"), box(580, 60, 140, 44, PAPER, "5 3")]
    parts += [box(x, 60, 140, 44, COOL) for x in places[:-1]]
    parts += [text(90 + 140 * number, 88, str(number), 18) for number in range(5)]
    for degrees, x in edges.items():
        parts += [f'<line x1="{x}" y1="48" x2="{x}" y2="116" stroke="{INK}" stroke-width="2"/>']
        parts += [text(x, 134, f"{degrees} °C")]
    for degrees, x in ((18, 146), (25, 195), (60, 442), (71.5, 520)):
        parts += [text(x, 20, f"{degrees} °C"), arrow(x, 28, x, 58)]
    save("bins", 740, 150, parts)


def lost():
    """Three pixels of one bin. Left, all read 5 and write 6; right, each addition waits for the one before."""
    parts = [text(190, 24, "h[idx] += 1", 16), text(560, 24, "cupyx.scatter_add(h, idx, 1)", 16)]
    parts += [box(160, 40, 60, 36, WARM), text(190, 63, "5", 16)]
    for x in (90, 190, 290):
        parts += [arrow(190, 76, x, 108), box(x - 40, 110, 80, 36, COOL), text(x, 133, "5 + 1 = 6")]
        parts += [arrow(x, 146, 190, 188)]
    parts += [box(160, 190, 60, 36, WARM), text(190, 213, "6", 16)]
    parts += [box(400, 110, 40, 36, WARM), text(420, 133, "5", 16)]
    for x, before in ((440, 5), (545, 6), (650, 7)):
        parts += [arrow(x, 128, x + 24, 128), box(x + 25, 110, 38, 36, COOL), text(x + 44, 133, "+ 1")]
        parts += [arrow(x + 63, 128, x + 73, 128)]
        parts += [box(x + 74, 110, 31, 36, WARM), text(x + 89, 133, str(before + 1), 16)]
    save("lost", 780, 240, parts)


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    bins()
    lost()
