"""Run a script on the emulated GPU: what `lehrwerk emulate SCRIPT.py` does.

The script runs in this process with all rights of who started it; for foreign code there is `grader.exam`.
Imports `grader.device` only.
"""

from __future__ import annotations

import json as encoding
import runpy
import sys
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from grader.device.frontends import install_emulated, report, uninstall
from grader.device.interface import Language

#: Exit codes: all is well; the device found an error in a kernel; the script failed.
FINE, FOUND, FAILED = 0, 1, 2


def run_script(path: str | Path, args: Sequence[str] = (), json: bool = False, language: Language | None = None) -> int:
    """Run the script at `path` with `args` as its command line and return an exit code.

    0: nothing found; 1: a kernel has an error; 2: the script raised, or there is none; a script's own `sys.exit(n)`
    with n other than 0 is kept. Findings go to stdout as lines or, with `json`, as one object after the script's own
    output, on the last line.
    """
    script = Path(path)
    tongue: Language = language or report.language()
    if not script.is_file():
        text = {"en": f"{script}: there is no such file", "de": f"{script}: Diese Datei gibt es nicht"}
        print(text[tongue], file=sys.stderr)
        return FAILED
    installed = install_emulated(language=tongue, show=None if json else print)
    kept_argv, kept_path = sys.argv, list(sys.path)
    sys.argv = [str(script), *args]
    sys.path.insert(0, str(script.resolve().parent))
    failure: str | None = None
    code = FINE
    try:
        runpy.run_path(str(script), run_name="__main__")
    except SystemExit as stop:
        if isinstance(stop.code, str):
            print(stop.code, file=sys.stderr)
        code = stop.code if isinstance(stop.code, int) else FINE if stop.code is None else FAILED
    except BaseException as error:
        failure = f"{type(error).__name__}: {error}"
        traceback.print_exc()
        code = FAILED
    finally:
        sys.argv, sys.path[:] = kept_argv, kept_path
        findings = installed.findings()
        counters = installed.heap.counters()
        uninstall()
    if code == FINE and any(finding.severity == "error" for finding in findings):
        code = FOUND
    if json:
        print(
            encoding.dumps(
                {
                    "device": "emulated",
                    "findings": [{**asdict(finding), "severity": finding.severity} for finding in findings],
                    "counters": counters.as_dict(),
                    "failure": failure,
                    "exit": code,
                },
                ensure_ascii=False,
            )
        )
    else:
        print(_summary(counters.as_dict(), sum(f.severity == "error" for f in findings), tongue))
    return code


def _summary(counters: dict[str, int], errors: int, tongue: Language) -> str:
    up, down = counters["host_to_device_bytes"], counters["device_to_host_bytes"]
    if tongue == "de":
        return (
            f"Emulierte GPU: {counters['launches']} Kernelstarts, {up} Byte hin, {down} Byte zurück, "
            f"{errors} Fehler gefunden. Zeiten sagen nichts über eine GPU."
        )
    return (
        f"Emulated GPU: {counters['launches']} kernel launches, {up} bytes to the device, {down} bytes back, "
        f"{errors} errors found. Times say nothing about a GPU."
    )
