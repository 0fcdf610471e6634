"""One e-mail for a verdict: to whom, in which language, with what; and what a mail server that fails costs."""

from __future__ import annotations

import email
import email.policy
import socket
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import text

from campus.mail import Postman
from campus.processes import wait_until
from campus.settings import Mail
from grader.store import Store, Submission
from tests.service.portal_room import COURSE, VERDICT, Room, room


@dataclass
class Server:
    """Speaks as much SMTP as it takes; `answer` is what it says to a mail, and `refused` whom it does not know."""

    port: int = 0
    answer: str = "250 ok"
    refused: str = ""
    mails: list[EmailMessage] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    here = Server()

    class Session(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(line.encode() + b"\r\n")

        def handle(self) -> None:
            self.say("220 here")
            while line := self.rfile.readline():
                if line.upper().startswith(b"DATA"):
                    self.say("354 go on")
                    if here.answer == "hangs up":
                        return
                    content = b"".join(iter(self.rfile.readline, b".\r\n"))
                    if here.answer.startswith("2"):
                        found = email.message_from_bytes(content, policy=email.policy.default)
                        assert isinstance(found, EmailMessage)
                        here.mails.append(found)
                    self.say(here.answer)
                elif line.upper().startswith(b"QUIT"):
                    # A server's bad manners are no reason to send the mail again.
                    self.say("554 what a hurry")
                elif here.refused and here.refused.encode() in line:
                    self.say("550 no such person")
                else:
                    self.say("250 ok")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as tcp:
        tcp.daemon_threads = True
        here.port = tcp.server_address[1]
        thread = threading.Thread(target=tcp.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield here
        tcp.shutdown()
        thread.join()


@pytest.fixture
def here(tmp_path: Path) -> Room:
    return room(tmp_path)


def postman(store: Store, server: Server, domain: str = "nord.example") -> Postman:
    settings = Mail(host="127.0.0.1", port=server.port, starttls=False, sender="lehrwerk@nord.example", domain=domain)
    return Postman(store, settings, lambda submission: f"https://here.example/submissions/{submission}")


def graded(here: Room, mail: bool = True, person: str = "learner-nord", state: str = "graded") -> str:
    submission = here.submit(person)
    here.store.deliver(here.run(submission), VERDICT.model_dump_json())
    here.store.mark_recorded(submission, state, mail=mail)
    return submission


def dues(here: Room) -> list[object]:
    with here.store.engine.connect() as connection:
        return list(connection.execute(text("SELECT due_at FROM mail")).scalars())


def pauses_are_over(here: Room) -> None:
    """What waits for another try is due again."""
    with here.store.engine.begin() as connection:
        connection.execute(text("UPDATE mail SET due_at = '2026-01-01 00:00:00' WHERE due_at IS NOT NULL"))


def test_a_learner_gets_one_mail_in_their_language(here: Room, server: Server) -> None:
    here.store.set_language("learner-nord", "de")
    submission = graded(here)
    for _ in range(2):
        postman(here.store, server).deliver()
    (mail,) = server.mails
    assert dues(here) == [None]
    assert (mail["To"], mail["Subject"]) == (
        "learner-nord@nord.example",
        "Eine Abbildung mit Wächter: Dein Urteil ist da",
    )
    content = mail.get_content()
    assert "hat sie 5.5 von 10 Punkten" in content
    assert "Einen Teil bewertet noch ein Mensch." in content
    assert f"https://here.example/submissions/{submission}" in content


def test_a_regrade_sends_no_second_one(here: Room, server: Server) -> None:
    submission = graded(here)
    old = here.store.verdict(submission)
    assert old is not None
    assert here.store.revise(submission, old, "d2", replaces=old, who="ines", why="again")
    here.store.mark_recorded(submission, "graded", mail=True)
    postman(here.store, server).deliver()
    assert len(server.mails) == 1


def test_without_the_setting_there_is_none(here: Room, server: Server) -> None:
    graded(here, mail=False)
    postman(here.store, server).deliver()
    assert server.mails == []


def test_names_that_are_addresses_need_no_domain_and_others_get_none_without(here: Room, server: Server) -> None:
    for person in ("anna@sued.example", "learner-nord"):
        graded(here, person=person)
    postman(here.store, server, domain="").deliver()
    assert [mail["To"] for mail in server.mails] == ["anna@sued.example"]
    assert here.store.take_mail() is None


@pytest.mark.parametrize(
    "person",
    [
        "anna\nBcc: all@nord.example",
        "anna@nord.example, all@nord.example",
        "all@nord.example anna",
        "<all@nord.example>",
        "anna m",
        "Änne",
        "a@b@c",
        "@",
    ],
)
def test_a_name_that_makes_no_single_address_gets_no_mail(here: Room, server: Server, person: str) -> None:
    graded(here, person=person)
    postman(here.store, server).deliver()
    assert server.mails == []
    assert dues(here) == [None]


@pytest.mark.parametrize("failure", ["451 try again later", "421 closing", "hangs up", "not there", "no encryption"])
def test_a_mail_that_cannot_be_sent_is_tried_again_later(here: Room, server: Server, failure: str) -> None:
    submission = graded(here)
    broken = postman(here.store, server)
    if failure == "not there":
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        broken.settings = broken.settings.model_copy(update={"port": port})
    elif failure == "no encryption":
        broken.settings = broken.settings.model_copy(update={"starttls": True})
    else:
        server.answer = failure
    broken.deliver()
    assert server.mails == []
    state = here.store.submission(submission)
    assert state is not None
    assert (state.state, state.recorded) == ("graded", True)
    postman(here.store, server).deliver()
    assert server.mails == []
    pauses_are_over(here)
    server.answer = "250 ok"
    postman(here.store, server).deliver()
    assert [mail["To"] for mail in server.mails] == ["learner-nord@nord.example"]
    assert dues(here) == [None]


def test_one_mail_that_is_refused_holds_no_other_up(here: Room, server: Server) -> None:
    for person in ("anna", "refused", "berta"):
        graded(here, person=person)
    server.refused = "refused@nord.example"
    postman(here.store, server).deliver()
    assert [mail["To"] for mail in server.mails] == ["anna@nord.example", "berta@nord.example"]


def test_a_mail_waits_while_a_submission_is_marked_again(here: Room, server: Server) -> None:
    submission = graded(here, state="needs review")
    assert here.store.mark_again(submission, "ines")
    postman(here.store, server).deliver()
    assert server.mails == []
    here.grade(submission)
    pauses_are_over(here)
    postman(here.store, server).deliver()
    assert len(server.mails) == 1


def test_the_postman_outlives_a_store_that_fails(here: Room, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campus.mail._EVERY", 0.01)
    graded(here)
    take, failed = here.store.take_mail, threading.Event()

    def take_mail() -> Submission | None:
        if not failed.is_set():
            failed.set()
            raise OSError("the database is gone")
        return take()

    monkeypatch.setattr(here.store, "take_mail", take_mail)
    with postman(here.store, server):
        assert wait_until(lambda: dues(here) == [None], 60)
    assert failed.is_set()
    assert len(server.mails) == 1


def test_a_mail_is_given_up_in_the_end(here: Room, server: Server) -> None:
    server.answer = "550 no such person"
    graded(here)
    for _ in range(12):
        postman(here.store, server).deliver()
        pauses_are_over(here)
    with here.store.engine.begin() as connection:
        assert connection.execute(text("SELECT tries FROM mail")).scalar() == 8
    assert here.store.latest(COURSE, "guarded-map")[0].state == "graded"
