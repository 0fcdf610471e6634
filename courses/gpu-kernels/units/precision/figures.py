"""Draws this unit's pictures into figures/. Run it after a change: python figures.py. Code: Apache-2.0."""

from pathlib import Path

FOLDER = Path(__file__).parent / "figures"
INK, BLUE = "#1a1a1a", "#003f7d"
HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
    'font-family="sans-serif" font-size="16" text-anchor="middle">\n'
    '<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
    '<defs><pattern id="wide" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="8" height="8" fill="#fff3d6"/><rect width="2" height="8" fill="#e0b050"/></pattern>'
    '<marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M0 0 L10 5 L0 10 z" fill="#1a1a1a"/></marker></defs>\n'
)


def words(x, y, text, size=16):
    return f'<text x="{x}" y="{y}" fill="{INK}" font-size="{size}">{text}</text>\n'


def arrow(path, dashed=False):
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return f'<path d="{path}" fill="none" stroke="{INK}" stroke-width="2"{dash} marker-end="url(#tip)"/>\n'


def value(x, y, text, bits):
    """A box around `text`, twice as wide and hatched for 64 bits; a label behind it for the text on the hatching."""
    width, fill = 2.2 * bits, "url(#wide)" if bits == 64 else "#cfe8ff"
    svg = f'<rect x="{x}" y="{y}" width="{width}" height="44" fill="{fill}" stroke="{BLUE}" stroke-width="2"/>\n'
    if bits == 64:
        svg += f'<rect x="{x + 14}" y="{y + 10}" width="{width - 28}" height="24" fill="#ffffff"/>\n'
    return svg + words(x + width / 2, y + 28, text) + words(x + width / 2, y + 64, f"{bits} bit", 14)


def widening():
    """x * 0.5 + 1.0 with plain literals, and with literals of float32."""
    svg = HEAD.format(width=700, height=230)
    svg += value(30, 20, "x", 32) + arrow("M102 42 L140 42") + words(170, 47, "cvt") + arrow("M196 42 L238 42")
    svg += value(240, 20, "· 0.5 + 1.0", 64) + arrow("M382 42 L420 42") + words(450, 47, "cvt")
    svg += arrow("M476 42 L518 42") + value(520, 20, "out", 32)
    svg += value(30, 130, "x", 32) + arrow("M102 152 L238 152")
    svg += value(240, 130, "·0.5+1", 32) + arrow("M312 152 L518 152") + value(520, 130, "out", 32)
    return svg + "</svg>\n"


def swallowed():
    """Where 12000 + 0.0004 ends in float32: back at 12000; and in the second step with compensation one number on."""
    left, gap = 110, 250
    svg = HEAD.format(width=720, height=310)
    for y in (90, 220):
        svg += f'<path d="M40 {y} L690 {y}" stroke="{INK}" stroke-width="2"/>\n'
        for number, label in enumerate(("12000", "12000.00098", "12000.00195")):
            x = left + number * gap
            svg += f'<path d="M{x} {y - 12} L{x} {y + 12}" stroke="{BLUE}" stroke-width="4"/>\n'
            svg += words(x, y + 34, label, 15)
    small, twice = left + 0.0004 / 0.00098 * gap, left + 0.0008 / 0.00098 * gap
    svg += arrow(f"M{left} 76 L{small} 76") + words((left + small) / 2, 68, "+ 0.0004", 14)
    svg += arrow(f"M{small} 66 C{small} 18 {left} 18 {left} 66", dashed=True)
    svg += arrow(f"M{left} 206 L{twice} 206") + words((left + twice) / 2, 198, "+ 0.0008", 14)
    svg += arrow(f"M{twice} 200 C{twice + 4} 176 {left + gap} 176 {left + gap} 202", dashed=True)
    for x, kept in ((left, "0.0004"), (left + gap, "− 0.00018")):
        svg += f'<path d="M{x - 44} 268 L{x - 38} 298 L{x + 38} 298 L{x + 44} 268" fill="#fff3d6" stroke="{INK}" '
        svg += 'stroke-width="2"/>\n' + words(x, 289, kept, 14)
    return svg + "</svg>\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for draw in (widening, swallowed):
        (FOLDER / f"{draw.__name__}.svg").write_text(draw(), encoding="utf-8")
