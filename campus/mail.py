"""One e-mail for each verdict, where the settings name a mail server: a thread that empties the store's outbox.

Marking never waits for it. A mail that cannot be sent is tried again after a pause that grows, and given up in the end.
"""

from __future__ import annotations

import logging
import os
import re
import smtplib
import ssl
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from email.message import EmailMessage

from campus.settings import Mail
from grader.exam.verdict import Verdict
from grader.store import Store, Submission

log = logging.getLogger("lehrwerk.mail")

#: Holds the password for the mail server.
PASSWORD = "LEHRWERK_MAIL_PASSWORD"  # noqa: S105 - the name of a variable
#: How often the outbox is looked into, and how long a server may take to answer, in seconds.
_EVERY, _PATIENCE = 5.0, 30.0
#: A plain address, without quotes, comments or a display name.
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+")

_SUBJECT = {"en": "{title}: your verdict is here", "de": "{title}: Dein Urteil ist da"}
_TEXT = {
    "en": """\
Hello {person},

your submission of "{title}", handed in on {moment:%Y-%m-%d at %H:%M} UTC, has been examined.
By the tests it has {score:g} of {maximum:g} points.{manual}

What was found: {link}
""",
    "de": """\
Hallo {person},

Deine Abgabe zu „{title}“ vom {moment:%d.%m.%Y, %H:%M} UTC ist geprüft.
Durch die Tests hat sie {score:g} von {maximum:g} Punkten.{manual}

Was gefunden wurde: {link}
""",
}
_MANUAL = {
    "en": " A part is still marked by a person.",
    "de": " Einen Teil bewertet noch ein Mensch.",
}


class Postman:
    """`link` gives the address of a submission's page. Use as a context manager; stops within seconds."""

    def __init__(self, store: Store, settings: Mail, link: Callable[[str], str]) -> None:
        self.store = store
        self.settings = settings
        self.link = link
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mail", daemon=True)

    def __enter__(self) -> Postman:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.wait(_EVERY):
            try:
                self.deliver()
            except Exception:
                log.exception("the outbox cannot be read; trying again")

    def deliver(self) -> None:
        """Try every mail that is due once."""
        while not self._stopping.is_set() and (submission := self.store.take_mail()) is not None:
            verdict = self.store.verdict(submission.id)
            if verdict is None:
                # It is being marked again; one of the next tries has something to tell.
                continue
            try:
                to = self._address(submission.person)
                if to is not None:
                    self._send(self._message(submission, Verdict.model_validate_json(verdict), to))
            except (OSError, ValueError, smtplib.SMTPException) as error:
                log.error("submission %s: no mail yet: %s", submission.id, error)
            else:
                self.store.mail_done(submission.id)

    def _address(self, person: str) -> str | None:
        """One address, or None where the name makes none: sign-ins may allow commas, line breaks and spaces, by which a
        mail would go to others."""
        to = f"{person}@{self.settings.domain}" if "@" not in person and self.settings.domain else person
        return to if _ADDRESS.fullmatch(to) else None

    def _message(self, submission: Submission, verdict: Verdict, to: str) -> EmailMessage:
        version = self.store.course(submission.course_id)
        language = self.store.language(submission.person) or submission.language
        units = version.bundle["units"] if version is not None else []
        titles: dict[str, str] = next((unit["title"] for unit in units if unit["id"] == submission.assignment), {})
        words = {
            "person": submission.person,
            "title": titles.get(language) or next(iter(titles.values()), submission.assignment),
            "moment": submission.received_at,
            "score": verdict.score,
            "maximum": verdict.max_score,
            "manual": _MANUAL[language] if any(cell.score is None for cell in verdict.cells) else "",
            "link": self.link(submission.id),
        }
        message = EmailMessage()
        message["From"], message["To"] = self.settings.sender, to
        message["Subject"] = _SUBJECT[language].format(**words)
        # The same for every try, so that a mail that was sent twice is recognised.
        message["Message-ID"] = f"<verdict-{submission.id}@{self.settings.sender.rpartition('@')[2].rstrip('>')}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(_TEXT[language].format(**words))
        return message

    def _send(self, message: EmailMessage) -> None:
        with closing(smtplib.SMTP(self.settings.host, self.settings.port, timeout=_PATIENCE)) as server:
            if self.settings.starttls:
                server.starttls(context=ssl.create_default_context())
            if self.settings.user:
                server.login(self.settings.user, os.environ.get(PASSWORD, ""))
            server.send_message(message)
            # It is sent: whatever becomes of the farewell, a second one would be one too many.
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
