"""The gate: what of a learner's PTX may run, and the text of it that a GPU's driver gets.

An instruction, directive or symbol that the reader does not know is refused, and so is a kernel whose parameters are
not those that a launch brings. What passes is written anew from our own tree (`ptx_text`). Imports nothing of ours but
this package and the interface.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Any

from grader.device.emulated import messages, ptx_text
from grader.device.emulated.ptx import Module, PtxError, parse
from grader.device.emulated.translate import Program, Unsupported, translate
from grader.device.interface import Finding, Launch, Pointer

_KEPT = 64


class Refused(Exception):
    """The gate does not let a kernel pass; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message["en"])
        self.finding = finding


class Gate:
    """Reads and writes each module once."""

    def __init__(self) -> None:
        self._programs: OrderedDict[tuple[str, str], Program] = OrderedDict()
        #: What may come before a driver, and what the module's variables are called there.
        self._texts: OrderedDict[tuple[str, str], tuple[str, dict[str, str]]] = OrderedDict()

    def program(self, launch: Launch) -> Program:
        """The kernel as the emulated GPU runs it. Raises Refused."""
        key = (launch.ptx, launch.entry)
        try:
            if key not in self._programs:
                _keep(self._programs, key, translate(parse(launch.ptx), launch.entry))
            _check_parameters(self._programs[key], launch)
            if launch.variables:
                _check_variables(parse(launch.ptx), launch)
        except PtxError as error:
            raise Refused(messages.refused(str(error))) from error
        except Unsupported as error:
            instruction = error.instruction
            raise Refused(messages.unsupported(instruction.opcode, instruction.line)) from error
        return self._programs[key]

    def passed(self, launch: Launch) -> Launch:
        """The same launch with the module as it may come before a driver. Raises Refused."""
        names = self.names(launch)
        text, _ = self._texts[launch.ptx, launch.entry]
        variables = {names[name]: data for name, data in launch.variables.items() if name in names}
        return replace(launch, ptx=text, entry=ptx_text.ENTRY, variables=variables)

    def names(self, launch: Launch) -> dict[str, str]:
        """What those of the module's variables that the kernel reaches are called in what passes. Raises Refused."""
        self.program(launch)
        key = (launch.ptx, launch.entry)
        if key not in self._texts:
            try:
                module, names = ptx_text.renamed(parse(launch.ptx), launch.entry)
                _keep(self._texts, key, (ptx_text.text(module), names))
            except PtxError as error:
                raise Refused(messages.refused(str(error))) from error
        return self._texts[key][1]


def _keep(kept: OrderedDict[tuple[str, str], Any], key: tuple[str, str], value: Any) -> None:
    kept[key] = value
    while len(kept) > _KEPT:
        kept.popitem(last=False)


def _check_parameters(program: Program, launch: Launch) -> None:
    """The kernel's parameters are exactly those that the launch brings. Raises Refused."""
    if len(program.parameters) != len(launch.parameters):
        raise Refused(messages.other_arguments(len(program.parameters), len(launch.parameters)))
    for number, (declared, given) in enumerate(zip(program.parameters, launch.parameters, strict=True), 1):
        size = 8 if isinstance(given, Pointer) else len(given)
        if declared.size != size:
            raise Refused(messages.other_size(number, declared.size, size))
        if isinstance(given, Pointer) and not 0 <= given.buffer < len(launch.buffers):
            raise PtxError(f"parameter {declared.name} points to buffer {given.buffer}, which does not exist")


def _check_variables(module: Module, launch: Launch) -> None:
    """Variables of the module that the launch brings are there, and of that size."""
    for name, data in launch.variables.items():
        variable = module.variables.get(name)
        if variable is None or variable.space not in ("global", "const"):
            raise PtxError(f"the module has no variable {name} that a host could write")
        if len(data) != variable.size:
            raise PtxError(f"variable {name} has {variable.size} bytes, the launch brings {len(data)}")
