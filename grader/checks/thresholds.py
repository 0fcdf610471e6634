"""Bands for relative speed from a unit's `performance.yaml`: shares of what the model solution reaches.

What that is stands there as a starting value, until `lehrwerk course calibrate` has measured it. Imports nothing of
ours.
"""

from __future__ import annotations

from pathlib import Path

#: Beside `exam.py`; learners never get it.
_FILE = "performance.yaml"


class Thresholds(dict[float, float]):
    """Points by the ratio from which on they are given; `starting` where nobody has measured the ratios yet."""

    starting = True


def thresholds(beside: str, cell: str) -> dict[str, tuple[float, Thresholds]]:
    """(points, bands) of each part that is timed in the test cell `cell`, as `points` of a check takes them:

        check.points(correct=3, **thresholds(__file__, "transpose-test"))

    `beside` is a file of the unit's folder. Raises ValueError where `performance.yaml` there does not know the cell.
    """
    import yaml

    file = Path(beside).with_name(_FILE)
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    if cell not in content["cells"]:
        raise ValueError(f"{file}: no thresholds for the test cell {cell}; it has: {', '.join(content['cells'])}")
    found = {}
    for part, given in content["cells"][cell].items():
        bands = Thresholds({round(share * given["model"], 3): float(worth) for share, worth in given["bands"].items()})
        bands.starting = content.get("calibrated") is None
        found[part] = (max(bands.values()), bands)
    return found
