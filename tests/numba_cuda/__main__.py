"""Says how many of numba-cuda's tests pass on the emulated GPU; see the package."""

from __future__ import annotations

import sys
from importlib.metadata import version

from tests.numba_cuda.room import LIST, listed, run


def main() -> None:
    if sys.argv[1:] == ["simulator"]:
        passed = sorted(name for name, outcome in run("simulator").items() if outcome.how == "passed")
        LIST.write_text("\n".join([version("numba-cuda"), *passed, ""]), encoding="utf-8")
        print(f"the simulator passes {len(passed)} tests")
        return
    outcomes = run("emulated", sys.argv[1:] or listed())
    for name, outcome in sorted(outcomes.items()):
        if outcome.how != "passed":
            print(f"{name}: {outcome.how}: {outcome.why}")
    print(f"{sum(outcome.how == 'passed' for outcome in outcomes.values())} of {len(outcomes)} tests pass")


if __name__ == "__main__":
    main()
