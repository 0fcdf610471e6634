"""Draws this unit's pictures into figures/. Run it after a change: python figures.py. Code: Apache-2.0."""

from pathlib import Path

FOLDER = Path(__file__).parent / "figures"
HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
    'font-family="sans-serif" font-size="16" text-anchor="middle">\n'
    '<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
    '<defs><pattern id="idle" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="8" height="8" fill="#f2f2f2"/><rect width="3" height="8" fill="#9a9a9a"/></pattern></defs>\n'
)
SIDE = 44


def box(x, y, width, fill, text="", dashed=False, height=SIDE):
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    drawn = f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{fill}" stroke="#1a1a1a"{dash}/>\n'
    label = f'<text x="{x + width / 2}" y="{y + height / 2 + 6}" fill="#1a1a1a">{text}</text>\n' if text else ""
    return drawn + label


def frame(x, y, width, height):
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="none" stroke="#003f7d" stroke-width="4"/>\n'


def words(x, y, text, anchor="middle"):
    return f'<text x="{x}" y="{y}" fill="#1a1a1a" text-anchor="{anchor}">{text}</text>\n'


def row(y, blocks, pixels=10, block=4):
    """Pixels covered by so many blocks: plain where a thread has one, dashed where none has, hatched without a pixel."""
    parts = []
    for number in range(max(pixels, blocks * block)):
        x = 150 + number * SIDE + number // block * 12
        covered, there = number < blocks * block, number < pixels
        fill = "#cfe8ff" if covered and there else "#ffffff" if there else "url(#idle)"
        parts.append(box(x, y, SIDE, fill, str(number) if there else "", dashed=not covered))
    for number in range(blocks):
        parts.append(frame(150 + number * (block * SIDE + 12) - 3, y - 3, block * SIDE + 6, SIDE + 6))
    return "".join(parts)


def covering():
    """Ten pixels and blocks of four threads: rounded down and rounded up."""
    svg = HEAD.format(width=720, height=190)
    svg += words(75, 57, "10 // 4 = 2") + row(30, 2)
    svg += words(75, 147, "⌈10 / 4⌉ = 3") + row(120, 3)
    return svg + "</svg>\n"


def warps():
    """A block of 32 and one of 48 threads, as the warps they become."""
    svg = HEAD.format(width=720, height=190)
    for y, threads in ((30, 32), (120, 48)):
        svg += words(75, y + 27, str(threads))
        for warp in range(-(-threads // 32)):
            x, busy = 150 + warp * 272, min(32, threads - warp * 32)
            svg += box(x, y, busy * 8, "#cfe8ff", str(busy))
            svg += box(x + busy * 8, y, (32 - busy) * 8, "url(#idle)") if busy < 32 else ""
            svg += frame(x - 3, y - 3, 262, SIDE + 6)
    return svg + "</svg>\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for draw in (covering, warps):
        (FOLDER / f"{draw.__name__}.svg").write_text(draw(), encoding="utf-8")
