from __future__ import annotations

import pytest

from tests.kernels import classics, right_kernels, wrong_kernels
from tests.kernels.case import Case, cuda_cases, python_cases

CLASSICS = [*python_cases(classics), *cuda_cases("classics.cu")]
WRONG = [*python_cases(wrong_kernels), *cuda_cases("wrong.cu"), *(case for case in CLASSICS if case.promised)]
RIGHT = [*python_cases(right_kernels), *cuda_cases("right.cu")]


def name(case: Case) -> str:
    return f"{case.name}{'.cu' if case.file else ''}"


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("case", WRONG, ids=name)
def test_a_wrong_kernel_is_found_with_kind_and_line(case: Case, seed: int) -> None:
    result, _, _ = case.run(seed)
    found: dict[str, set[int | None]] = {}
    for finding in result.findings:
        assert finding.message["en"]
        assert finding.message["de"] not in ("", finding.message["en"])
        lines = found.setdefault(finding.kind, set())
        lines.add(finding.line)
        if finding.other_line is not None:
            lines.add(finding.other_line)
    assert found == case.promised


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("case", RIGHT, ids=name)
def test_a_right_kernel_has_no_finding(case: Case, seed: int) -> None:
    assert not case.promised
    result, _, _ = case.run(seed)
    assert [(f.kind, f.line, f.other_line, f.message["en"]) for f in result.findings] == []
    assert result.counters.undecided_orders == 0


def test_the_corpus_is_large_and_in_both_languages() -> None:
    for cases in (WRONG, RIGHT):
        assert len(cases) >= 40
        assert min(sum(case.file is None for case in cases), sum(case.file is not None for case in cases)) >= 15
    assert {kind for case in WRONG for kind in case.promised} >= {
        "out-of-bounds", "race", "barrier", "uninitialised", "step-limit", "residency", "float64", "uncoalesced",
        "bank-conflict", "same-value", "divergence",
    }  # fmt: skip
