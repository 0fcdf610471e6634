"""`python -m tests.numba_cuda.child DEVICE MODULE [NAME...]`: a module's tests, or some of them, in this process.

`DEVICE` is `emulated` or `simulator`, which numba-cuda reads from its environment. Each test writes a JSON list: its
name, how it went, and why.
"""

from __future__ import annotations

import json
import sys
import unittest
import warnings
from collections.abc import Iterator

PACKAGE = "numba.cuda.tests.cudapy"


def flat(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            yield from flat(one)
        else:
            yield one


def main() -> None:
    device, module, *names = sys.argv[1:]
    warnings.simplefilter("ignore")
    if device == "emulated":
        from grader.device.frontends import install_emulated

        install_emulated(language="en", show=None)
    suite = unittest.defaultTestLoader.loadTestsFromName(f"{PACKAGE}.{module}")
    out = sys.stdout
    for test in flat(suite):
        name = test.id().removeprefix(f"{PACKAGE}.")
        if names and name not in names:
            continue
        result = unittest.TestResult()
        test.run(result)
        bad = [*result.failures, *result.errors]
        how = "failed" if bad else "skipped" if result.skipped else "expected" if result.expectedFailures else "passed"
        why = bad[0][1].strip().splitlines()[-1] if bad else ""
        print(json.dumps([name, how, why]), file=out, flush=True)


if __name__ == "__main__":
    main()
