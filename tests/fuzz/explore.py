"""`python -m tests.fuzz.explore TARGET FOLDER LIBFUZZER-OPTION...`: atheris looks for bytes that break a target.

`FOLDER` holds the seeds and takes what is found on the way. The process ends with a status other than 0, and leaves
the input in a file, where a target raises, hangs or takes too much memory.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["grader", "msgpack", "tarfile", "zipfile", "json"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    name, folder, *options = sys.argv[1:]
    atheris.Setup([sys.argv[0], *options, folder], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
