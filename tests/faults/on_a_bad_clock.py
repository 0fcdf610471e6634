"""`python -m tests.faults.on_a_bad_clock FILE MODULE ARGUMENT...`: runs MODULE, and the store's clock is wrong there.

`FILE` says by how many seconds, and may change while the module runs. A verdict whose recorder was killed is taken up
after seconds instead of a minute.
"""

from __future__ import annotations

import runpy
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from grader.store import store

GRACE_SECONDS = 5.0


def main() -> None:
    file, module, *arguments = sys.argv[1:]
    wrong = Path(file)
    store._now = lambda: datetime.now(UTC) + timedelta(seconds=float(wrong.read_text()))
    store._GRACE = GRACE_SECONDS
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
