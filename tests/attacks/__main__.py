"""Every attack, what stock nbgrader gives for it, and what Lehrwerk gives: `python -m tests.attacks [WORD]`.

With WORD only the families whose name holds it. Ends with 1 where Lehrwerk gave more, or less, than the honest score.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.attacks.corpus import CORPUS
from tests.attacks.exam import HONEST, Sat, sittings
from tests.attacks.pages import PAYLOADS, live, stock_page
from tests.attacks.stock import stock


def ours(sat: Sat) -> str:
    if sat.verdict is None:
        return "refused"
    return f"{sat.verdict.score:g}"


def main() -> None:
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    families = {name: attacks for name, attacks in CORPUS.items() if word in name}
    attacks = [attack for members in families.values() for attack in members]
    table = Table(title=f"{len(attacks)} attacks; the test is worth 10 unless the honest score says otherwise")
    for heading in ("attack", "the wall it meets", "stock nbgrader", "Lehrwerk", "honest"):
        table.add_column(heading)
    wrong, more, run = 0, 0, 0
    with tempfile.TemporaryDirectory() as scratch, stock(Path(scratch)) as nbgrader:
        with sittings(attacks, Path(scratch), rooms=1) as futures:
            came = {name: future.result() for name, future in futures.items()}
        for family, members in families.items():
            table.add_section()
            table.add_row(f"[bold]{family}[/bold]")
            for attack in members:
                theirs = nbgrader.points(attack)
                sat = came[attack.name]
                said, honest = ours(sat), "refused" if attack.refused else f"{attack.honest:g}"
                table.add_row(attack.name, attack.wall, theirs, said, honest)
                wrong += said != honest or sat.honest_after not in (None, HONEST.honest)
                run += not attack.spared
                more += theirs != honest and not attack.spared
    pages = Table(title="a submission's markup on the page of whoever reads it")
    for heading in (
        "markup",
        "nbconvert's HTML, as in feedback and formgrader",
        "Lehrwerk (tests/attacks/test_pages.py)",
    ):
        pages.add_column(heading)
    for name, payload in PAYLOADS.items():
        pages.add_row(name, ", ".join(sorted(set(live(stock_page(payload))))) or "text", "text")
    console = Console(width=170)
    console.print(table, pages)
    console.print(
        f"Of {run} that were run on stock nbgrader, {more} get another score there than the honest one, or none; "
        f"on Lehrwerk {wrong} of {len(attacks)}."
    )
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
