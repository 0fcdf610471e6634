"""The command `lehrwerk`. Heavy imports stay inside the commands, so that `--help` is quick.

Exit codes: 0 done, 1 something is wrong with what was examined, 2 bad input, 3 a failure of ours.
"""

from __future__ import annotations

import getpass
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer
from rich.console import Console
from rich.progress import Progress
from typer.exceptions import TyperException

from campus.settings import Language


def _help(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


if TYPE_CHECKING:
    from campus.settings import Settings

app = typer.Typer(
    callback=_help,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Teach GPU programming.",
)
course_app = typer.Typer(callback=_help, invoke_without_command=True, help="Check, build and publish courses.")
app.add_typer(course_app, name="course")

SettingsOption = Annotated[
    Path | None,
    typer.Option("--settings", help="Settings file; default $LEHRWERK_SETTINGS or lehrwerk.yaml."),
]

_Device = Literal["auto", "emulated", "cuda"]

out = Console()
err = Console(stderr=True)

BAD_INPUT, FAILURE = 2, 3


def main() -> None:
    try:
        sys.exit(app(standalone_mode=False))
    except TyperException as error:
        # One line, where Typer would draw a box.
        context = getattr(error, "ctx", None)
        what = error.format_message().replace("Value error, ", "")
        _say_refused(f"{what} See `{context.command_path if context else 'lehrwerk'} --help`.")
        sys.exit(BAD_INPUT)
    except Exception as error:
        if os.environ.get("LEHRWERK_DEBUG"):
            raise
        err.print(f"lehrwerk: {type(error).__name__}: {error}", style="red", markup=False)
        err.print("Set LEHRWERK_DEBUG=1 to see where.", markup=False)
        sys.exit(FAILURE)


def _say_refused(message: str) -> None:
    err.print(message, markup=False, highlight=False, soft_wrap=True)


def _refuse(message: str) -> typer.Exit:
    _say_refused(message)
    return typer.Exit(BAD_INPUT)


def _say_mode(mode: Any) -> None:
    if mode.differences:
        err.print(str(mode), markup=False, highlight=False, soft_wrap=True)


def _course_folder(directory: Path) -> None:
    """Refuses what cannot be a course at all; faults of one that is there are another matter."""
    if not directory.is_dir():
        raise _refuse(f"{directory}: no such folder")
    if not any((directory / name).exists() for name in ("course.yaml", "source")):
        raise _refuse(f"{directory}: no course: neither course.yaml nor source/ is there")


@app.command()
def up(settings: SettingsOption = None) -> None:
    """Start Lehrwerk on this machine and print where it is."""
    from campus.up import StartError, run

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    try:
        run(settings, out)
    except StartError as error:
        raise _refuse(str(error)) from error


@app.command()
def doctor(
    settings: SettingsOption = None,
    tests: Annotated[bool, typer.Option(help="Also what only the tests need.")] = False,
) -> None:
    """Say what is here, what is missing, and how to mend it."""
    from campus.doctor import examine

    lines = examine(settings, tests)
    style = {"ok": "green", "note": "yellow", "fix": "bold red"}
    for line in lines:
        out.print(f"[{style[line.level]}]{line.level:5}[/]", end=" ")
        out.print(line.text, markup=False, highlight=False, soft_wrap=True)
    if any(line.level == "fix" for line in lines):
        raise typer.Exit(1)


@course_app.command("new")
def course_new(directory: Path) -> None:
    """Write a small course to a new folder, ready to be checked and changed."""
    from grader.course.model import CourseError
    from grader.course.scaffold import write_new

    try:
        write_new(directory)
    except CourseError as error:
        raise _refuse(str(error)) from error
    out.print(f"{directory}: a course with one unit; prove it with", markup=False, highlight=False, soft_wrap=True)
    out.print(f"  lehrwerk course check {directory}", markup=False, highlight=False, soft_wrap=True)


@course_app.command("schema")
def course_schema() -> None:
    """Print the JSON schema of course.yaml, for editors."""
    from grader.course.scaffold import schema

    print(schema(), end="")


@course_app.command("check")
def course_check(
    directories: Annotated[list[Path], typer.Argument(metavar="COURSE_DIR...")],
    anew: Annotated[bool, typer.Option("--anew", help="Prove units again that were proved as they are.")] = False,
    device: Annotated[_Device, typer.Option(help="Where exams run.")] = "emulated",
) -> None:
    """Prove courses: structure, model full marks, starter zero, every wrong solution caught, where their tests run."""
    for directory in directories:
        _course_folder(directory)
    proved = [_checked(directory, anew, device) for directory in directories]
    if not all(proved):
        raise typer.Exit(1)


@contextmanager
def _steps(what: str) -> Iterator[Callable[[int, int, str], None]]:
    """A bar of progress, which what is given is called with."""
    with Progress(console=err, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total, step: progress.update(task, completed=done, total=total, description=step)


def _checked(directory: Path, anew: bool, device: _Device) -> bool:
    from grader.course import proofs
    from grader.course.check import check
    from grader.course.modes import Mode
    from grader.exam.room import ExamError

    modes: list[Mode] = []
    kept = None if anew else proofs.folder()
    with _steps("checking") as step:
        try:
            problems = check(directory, progress=step, decided=modes.append, kept=kept, device=device)
        except ExamError as error:
            raise _refuse(str(error)) from error

    for line in (*modes, *problems):
        out.print(str(line), markup=False, highlight=False, soft_wrap=True)
    if not problems:
        out.print(f"{directory}: ok", markup=False, highlight=False)
    return not problems


@course_app.command("calibrate")
def course_calibrate(
    directory: Path,
    exams: Annotated[int, typer.Option(min=3, help="Exams that each model solution sits.")] = 5,
    device: Annotated[_Device, typer.Option(help="Where exams run.")] = "auto",
) -> None:
    """Measure what model solutions reach in tasks about speed, and write it into the units' performance.yaml."""
    from grader.course.calibrate import calibrate
    from grader.course.model import CourseError
    from grader.exam.room import ExamError

    _course_folder(directory)
    with _steps("calibrating") as step:
        try:
            measured, problems = calibrate(directory, device=device, exams=exams, progress=step)
        except CourseError as error:
            raise _refuse("\n".join(str(problem) for problem in error.problems)) from error
        except ExamError as error:
            raise _refuse(str(error)) from error
    for one in measured:
        text = f"{one.unit}, {one.cell}, {one.part}: {one.ratio:g} (was {one.before:g}; {one.spread:.1%} apart)"
        out.print(text, markup=False, highlight=False, soft_wrap=True)
    for problem in problems:
        out.print(str(problem), markup=False, highlight=False, soft_wrap=True)
    if problems:
        raise typer.Exit(1)


@course_app.command("preview")
def course_preview(
    directory: Path,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 chooses a free one.")] = 8765,
) -> None:
    """Show a course in the browser as learners read it, and again after each save. Executes nothing of it."""
    from campus.preview import serve

    _course_folder(directory)
    try:
        serve(directory, port, say=lambda url: out.print(f"{url} (Ctrl+C ends)", markup=False, highlight=False))
    except OSError as error:
        raise _refuse(f"port {port}: {error.strerror}; choose another with --port") from error


@course_app.command("build")
def course_build(directory: Path, target: Annotated[Path, typer.Option("--out")] = Path("build")) -> None:
    """Build what learners and nbgrader get."""
    from grader.course.model import CourseError
    from grader.course.modes import build_settled

    _course_folder(directory)
    try:
        bundle = build_settled(directory, target, say=_say_mode)
    except CourseError as error:
        raise _refuse("\n".join(str(problem) for problem in error.problems)) from error
    out.print(f"{target}: {bundle.course} {bundle.digest[:12]}", markup=False, highlight=False)


@course_app.command("publish")
def course_publish(
    directory: Path,
    tenant: Annotated[str, typer.Option(help="The tenant whose course it becomes.")],
    settings: SettingsOption = None,
) -> None:
    """Check a course, build it and publish it to a tenant's learners."""
    from campus.publish import PublishError, publish
    from campus.settings import SettingsError, load
    from grader.course.model import CourseError

    _course_folder(directory)
    try:
        configured = load(settings)
        with err.status("publishing") as status:
            version = publish(
                configured, directory, tenant, by="command", say=status.update, tell=_say_mode, prove=True
            )
    except (PublishError, SettingsError) as error:
        raise _refuse(str(error)) from error
    except CourseError as error:
        raise _refuse("\n".join(str(problem) for problem in error.problems)) from error
    out.print(f"{version.course_id}: published {version.digest[:12]}", markup=False, highlight=False)
    if version.course_id not in configured.course_ids():
        err.print(
            f"note: the settings do not list {version.bundle['course']} among the courses of {tenant}, so nobody has a "
            "role in it: add it there and start Lehrwerk again",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


@app.command()
def grade(
    course: Annotated[Path, typer.Argument(metavar="COURSE_DIR")],
    assignment: str,
    file: Annotated[Path, typer.Argument(help="A notebook, or a folder or archive (.zip, .tar, .tar.gz) of files.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON, schema 1.")] = False,
    language: Annotated[Language, typer.Option(help="Language of the messages.")] = "en",
    device: Annotated[_Device, typer.Option(help="Where exams run.")] = "auto",
) -> None:
    """Mark one submission in the exam room, as the platform does."""
    from campus.grade import BadInput, grade_file, table

    try:
        with err.status("marking"):
            verdict = grade_file(course, assignment, file, device=device, language=language)
    except BadInput as error:
        raise _refuse(str(error)) from error
    public: dict[str, Any] = verdict.public(language)
    if as_json:
        print(json.dumps(public, ensure_ascii=False))
    else:
        out.print(table(public, language))


@app.command()
def regrade(
    course: Annotated[str | None, typer.Argument(metavar="COURSE_ID", help="TENANT--COURSE.")] = None,
    assignment: Annotated[str | None, typer.Argument()] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Replace the verdicts; without it nothing is written.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why; stands in the log of every submission.")] = "",
    replay: Annotated[str, typer.Option(metavar="SUBMISSION_ID", help="Repeat this submission's exam instead.")] = "",
    settings: SettingsOption = None,
) -> None:
    """Examine the submissions that count by the course's current version, and say who would gain or lose.

    With --replay: exit code 0 where the exam gives the stored verdict again, 1 where it differs.
    """
    from campus.settings import SettingsError, load
    from grader.store import StoreError

    if bool(replay) == bool(course and assignment):
        raise _refuse("say COURSE_ID and ASSIGNMENT, or --replay SUBMISSION_ID")
    if apply and not reason.strip():
        raise _refuse("--apply needs --reason TEXT: it stands in the log of every submission")
    try:
        here = load(settings)
        if replay:
            _replay(here, replay)
        else:
            _regrade(here, cast(str, course), cast(str, assignment), reason.strip() if apply else None)
    except (SettingsError, StoreError) as error:
        raise _refuse(str(error)) from error


def _regrade(here: Settings, course: str, assignment: str, reason: str | None) -> None:
    from campus import regrade as work

    changes, waiting = [], 0
    with err.status("examining") as status:
        for one in work.regrade(here, course, assignment, reason=reason, who=f"command:{getpass.getuser()}"):
            if isinstance(one, int):
                waiting = one
                continue
            changes.append(one)
            status.update(f"examined {len(changes)}")
    if changes:
        out.print(work.table(changes))
    gains, losses = (sum(sign * one.difference > 0 for one in changes) for sign in (1, -1))
    done = "regraded" if reason is not None else "would be regraded"
    out.print(f"{len(changes)} {done}: {gains} gain, {losses} lose", markup=False, highlight=False)
    if waiting:
        out.print(
            f"{waiting} still wait for their first verdict, by the version they were handed in for; "
            "regrade again when they are done.",
            markup=False,
            highlight=False,
        )
    if any(one.new is None for one in changes):
        raise typer.Exit(1)


def _replay(here: Settings, submission: str) -> None:
    from campus import regrade as work

    with err.status("examining"):
        found = work.replayed(here, submission)
    for line in found.surroundings():
        out.print(line, markup=False, highlight=False, soft_wrap=True)
    out.print(work.timings(found))
    differences = found.differences()
    for line in differences:
        out.print(line, markup=False, highlight=False, soft_wrap=True)
    if differences:
        raise typer.Exit(1)
    out.print(f"{submission}: the same verdict", markup=False, highlight=False)


@app.command()
def extend(
    course: Annotated[str, typer.Argument(metavar="COURSE_ID", help="TENANT--COURSE.")],
    assignment: str,
    person: str,
    until: Annotated[str, typer.Option(help="The learner's own deadline, as 2026-05-31T18:00+02:00.")] = "",
    attempts: Annotated[int | None, typer.Option(min=0, help="Attempts on top of the assignment's.")] = None,
    reason: Annotated[str, typer.Option(help="Why; stands in the course's log of extensions.")] = "",
    settings: SettingsOption = None,
) -> None:
    """Give one learner more time or more attempts for one assignment."""
    from datetime import datetime

    from campus.regrade import extend as grant
    from campus.settings import SettingsError, load
    from grader.store import StoreError

    if not until and attempts is None:
        raise _refuse("say --until TIME, --attempts NUMBER, or both")
    try:
        deadline = datetime.fromisoformat(until).astimezone() if until else None
    except ValueError as error:
        raise _refuse(f"--until {until}: no time; write it as 2026-05-31T18:00+02:00") from error
    who = f"command:{getpass.getuser()}"
    try:
        here = load(settings)
        granted = grant(
            here, course, assignment, person, until=deadline, attempts=attempts, who=who, why=reason.strip()
        )
    except (SettingsError, StoreError) as error:
        raise _refuse(str(error)) from error
    time = f"until {granted.until.astimezone():%Y-%m-%d %H:%M %Z}" if granted.until else "the assignment's deadline"
    out.print(f"{person}: {time}, {granted.attempts} extra attempts", markup=False, highlight=False)


@app.command(context_settings={"allow_extra_args": True, "allow_interspersed_args": False})
def emulate(
    context: typer.Context,
    script: Path,
    as_json: Annotated[bool, typer.Option("--json", help="Last line: findings and counters as JSON.")] = False,
    language: Annotated[Language | None, typer.Option(help="Language of the messages.")] = None,
) -> None:
    """Run a script against the emulated GPU and print what was found."""
    from grader.device.frontends.run import run_script

    raise typer.Exit(run_script(script, context.args, json=as_json, language=language))


@app.command()
def backup(target: Path, settings: SettingsOption = None) -> None:
    """Write hub, store, gradebooks and blobs at one point in time to one archive."""
    from campus.settings import SettingsError, load
    from grader.records.backup import BackupError
    from grader.records.backup import backup as write

    try:
        here = load(settings)
        with err.status("backing up") as status:
            write(
                here.data,
                here.database_url,
                target,
                gradebook_url=here.gradebook_url,
                s3=here.storage.s3,
                say=status.update,
            )
    except (BackupError, SettingsError) as error:
        raise _refuse(str(error)) from error
    out.print(f"{target}: written", markup=False, highlight=False)


@app.command()
def restore(
    archive: Path,
    settings: SettingsOption = None,
    force: Annotated[bool, typer.Option(help="Replace what is there.")] = False,
) -> None:
    """Bring an archive of `backup` back. Stop Lehrwerk first."""
    from campus.settings import SettingsError, load
    from grader.records.backup import BackupError
    from grader.records.backup import restore as bring_back

    try:
        here = load(settings)
        with err.status("restoring") as status:
            replaced = bring_back(
                archive,
                here.data,
                here.database_url,
                force=force,
                gradebook_url=here.gradebook_url,
                s3=here.storage.s3,
                say=status.update,
            )
    except (BackupError, SettingsError) as error:
        raise _refuse(str(error)) from error
    out.print(f"{here.data}: restored", markup=False, highlight=False)
    if replaced is not None:
        out.print(f"What was there lies in {replaced}.", markup=False, highlight=False)
