"""Draws figures/*.svg: run `python figures.py` in this folder. Code: Apache-2.0."""

from pathlib import Path

HERE = Path(__file__).parent / "figures"
INK, COOL, WARM, PAPER = "#1b1b1b", "#cfe3f5", "#f8d9b8", "#ffffff"


def box(x, y, width, height, fill):
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4" fill="{fill}" stroke="{INK}"/>'


def text(x, y, words, size=14, anchor="middle"):
    return f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}" fill="{INK}">{words}</text>'


def arrow(x1, y1, x2, y2, width=2.0, dash=""):
    stroke = f'stroke="{INK}" stroke-width="{width}"' + (f' stroke-dasharray="{dash}"' if dash else "")
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" {stroke} marker-end="url(#head)"/>'


def save(name, width, height, parts):
    head = '<path d="M0 0 L7 3.5 L0 7 z" fill="' + INK + '"/>'
    marker = f'<marker id="head" markerUnits="userSpaceOnUse" markerWidth="8" markerHeight="8" refX="7" refY="3.5" orient="auto">{head}</marker>'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif">',
        f"<defs>{marker}</defs>",
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>',
        *parts,
        "</svg>",
    ]
    (HERE / f"{name}.svg").write_text("\n".join(lines) + "\n", encoding="utf-8")


def bridge():
    """Two memories: the width of each band is its speed, to scale (63 to 4800 GB/s, 2 to 152 pixels)."""
    parts = [box(20, 20, 220, 200, COOL), box(440, 20, 300, 200, WARM)]
    parts += [text(130, 48, "Host", 18), text(590, 48, "Device", 18)]
    parts += [text(130, 125, "numpy.ndarray"), text(500, 125, "cupy.ndarray"), text(685, 125, "GPU")]
    parts += [f'<rect x="562" y="60" width="90" height="152" fill="{PAPER}" stroke="{INK}" stroke-dasharray="5 3"/>']
    parts += [text(607, 142, "4800 GB/s")]
    parts += [f'<rect x="240" y="135" width="200" height="2" fill="{INK}"/>', text(340, 160, "63 GB/s")]
    parts += [arrow(290, 105, 390, 105), text(340, 95, "cp.asarray(x)")]
    parts += [arrow(390, 185, 290, 185), text(340, 205, "cp.asnumpy(y)")]
    save("bridge", 760, 240, parts)


def lane(y, spans, fill):
    return [
        part for x, width, name in spans for part in (box(x, y, width, 36, fill), text(x + width / 2, y + 23, name, 13))
    ]


def clocks():
    """Two time lines: above the host runs ahead, below it waits for a number after each operation."""
    parts = []
    for top, asks in ((20, False), (190, True)):
        parts += [text(20, top + 24, "Host", 15, "start"), text(20, top + 94, "Device", 15, "start")]
        step = 190 if asks else 130
        host, device = [], []
        for number, name in enumerate("ABC"):
            order = 100 + number * (190 if asks else 42)
            host.append((order, 36, name))
            start = 120 + number * step
            device.append((start, 130, name))
            parts.append(arrow(order + 18, top + 36, max(order + 18, start + 6), top + 69))
            if asks:
                parts.append(arrow(start + 130, top + 70, start + 168, top + 38, dash="4 3"))
                parts.append(
                    f'<line x1="{order + 40}" y1="{top + 18}" x2="{order + 184}" y2="{top + 18}" stroke="{INK}" stroke-dasharray="2 5"/>'
                )
        if not asks:
            parts.append(
                f'<line x1="222" y1="{top + 18}" x2="500" y2="{top + 18}" stroke="{INK}" stroke-dasharray="2 5"/>'
            )
            parts.append(arrow(510, top + 70, 510, top + 38, dash="4 3"))
        parts += lane(top, host, COOL) + lane(top + 70, device, WARM)
    parts.append(arrow(100, 325, 720, 325, 1.5))
    parts.append(text(735, 330, "t", 15))
    save("clocks", 760, 345, parts)


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    bridge()
    clocks()
