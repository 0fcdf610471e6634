"""Draws figures/*.svg: run `python figures.py` in this folder. Code: Apache-2.0."""

from pathlib import Path

HERE = Path(__file__).parent / "figures"
INK, COOL, WARM, PAPER = "#1b1b1b", "#cfe3f5", "#f8d9b8", "#ffffff"


def box(x, y, width, height, fill):
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="3" fill="{fill}" stroke="{INK}"/>'


def text(x, y, words, size=14):
    return f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="middle" fill="{INK}">{words}</text>'


def arrow(x1, y1, x2, y2):
    line = f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{INK}" stroke-width="1.5"'
    return f'{line} marker-end="url(#head)"/>'


def chain():
    """Kernels above, memory below: each kernel of the chain goes down and up, the fused one once."""
    marker = (
        '<marker id="head" markerUnits="userSpaceOnUse" markerWidth="8" markerHeight="8" refX="7" refY="3.5" '
        f'orient="auto"><path d="M0 0 L7 3.5 L0 7 z" fill="{INK}"/></marker>'
    )
    parts = [box(20, 140, 440, 40, COOL), box(540, 140, 200, 40, COOL)]
    parts += [text(240, 165, "DRAM"), text(640, 165, "DRAM")]
    for number, name in enumerate(("−", "×", "max", "log")):
        x = 40 + 110 * number
        parts += [box(x, 30, 70, 40, WARM), text(x + 35, 55, name, 16)]
        parts += [arrow(x + 18, 138, x + 18, 72), arrow(x + 52, 72, x + 52, 138)]
    parts += [box(560, 30, 160, 40, WARM), text(640, 55, "−  ×  max  log", 16)]
    parts += [arrow(600, 138, 600, 72), arrow(680, 72, 680, 138)]
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 200" width="760" height="200" '
        'font-family="sans-serif">',
        f"<defs>{marker}</defs>",
        f'<rect width="760" height="200" fill="{PAPER}"/>',
        *parts,
        "</svg>",
    ]
    (HERE / "chain.svg").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    chain()
