"""Each attack of the corpus gets the honest score for what it really solved, tells the learner nothing that is hidden,
and costs nobody else anything."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from grader.exam.room import ExamRoom
from tests.attacks.case import Attack
from tests.attacks.corpus import CORPUS
from tests.attacks.exam import HONEST, LIMITS, Sat, examine, learners_copy, sittings

ATTACKS = [pytest.param(attack, id=attack.name) for attacks in CORPUS.values() for attack in attacks]


@pytest.fixture(scope="module")
def sat(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Sat]]]:
    """What came of each attack that is asked for, by name; three rooms, of which some wait for a clock, work ahead."""
    asked = [item for item in request.session.items if item.getparent(pytest.Module) is request.node]
    specs = [item.callspec for item in asked if isinstance(item, pytest.Function) and hasattr(item, "callspec")]
    attacks = [spec.params["attack"] for spec in specs if "attack" in spec.params]
    # Folders of exams must not be readable through the one above.
    with sittings(attacks, tmp_path_factory.mktemp("attacks"), rooms=3) as futures:
        yield futures


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_gets_the_honest_score(sat: dict[str, Future[Sat]], attack: Attack) -> None:
    came = sat[attack.name].result()
    assert came.honest_after in (None, HONEST.honest), "a later submission lost points"
    assert came.left == []
    verdict = came.verdict
    assert (verdict is None) == attack.refused
    if verdict is None:
        return
    assert verdict.score == attack.honest
    graded = [cell.outcome for cell in verdict.cells if not cell.score]
    assert not attack.outcomes or set(graded) <= set(attack.outcomes)
    kinds = [finding.kind for cell in (verdict, *verdict.cells) for finding in cell.findings]
    assert set(attack.kinds) <= set(kinds)
    assert all(cell.protected for cell in verdict.cells) == attack.protected
    copy = learners_copy(verdict)
    assert len(copy) < 300_000
    assert [value for value in attack.hidden if value in copy] == []


#: What may be tried on a file of the same user, somewhere else on the machine.
ON_A_FILE = {
    "reading it": "open(victim).read()",
    "writing it": "open(victim, 'r+').write('x')",
    "emptying it": "open(victim, 'w')",
    "emptying it while reading": "os.open(victim, os.O_RDONLY | os.O_TRUNC)",
    "shortening it": "os.truncate(victim, 0)",
    "removing it": "os.unlink(victim)",
    "taking it away": "os.rename(victim, 'mine')",
    "linking it": "os.link(victim, 'mine')",
    "opening it to everybody": "os.chmod(victim, 0o777)",
    "closing it to its owner": "os.chmod(os.path.basename(victim), 0, dir_fd=os.open(os.path.dirname(victim), os.O_PATH))",
    "making it old": "os.utime(victim, (1, 1))",
    "giving it away": "os.chown(victim, 1, 1)",
    "marking it": "os.setxattr(victim, 'user.x', b'1')",
}  # fmt: skip


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExamRoom]:
    with ExamRoom(LIMITS, device="emulated", scratch=tmp_path_factory.mktemp("room")) as opened:
        yield opened


@pytest.mark.parametrize("name", ON_A_FILE)
def test_a_foreign_file_stays_as_it_was(room: ExamRoom, tmp_path: Path, name: str) -> None:
    victim, source = tmp_path / "victim", tmp_path / "source"
    source.mkdir()
    victim.write_text("kept")
    before = victim.stat()
    tried = f"import os\nvictim = {str(victim)!r}\ntry:\n    {ON_A_FILE[name]}\nexcept OSError: done = False\nelse: done = True"
    attack = Attack(name, "", f"{tried}\ndef answer(x): return 0 if done else x + 1")
    assert examine(room, source, attack).score == HONEST.honest
    after = victim.stat()
    assert victim.read_text() == "kept"
    assert (after.st_mode, after.st_mtime, after.st_uid) == (before.st_mode, before.st_mtime, before.st_uid)
