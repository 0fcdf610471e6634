"""nbgrader's configuration in a formgrader: one course's gradebook alone, and no execution of learner code."""

from __future__ import annotations

import os
from typing import Any


def formgrader_config(c: Any) -> None:
    """Fill nbgrader's configuration from what the hub told this server."""
    c.CourseDirectory.root = os.getcwd()
    c.CourseDirectory.course_id = os.environ["LEHRWERK_COURSE"]
    c.CourseDirectory.db_url = os.environ["LEHRWERK_GRADEBOOK"]
    # Learner code runs in the exam room only; the buttons that would run it here say so.
    c.Autograde.sanitize_preprocessors = ["grader.records.preprocessors.RefuseToRun"]
    c.Autograde.autograde_preprocessors = ["grader.records.preprocessors.RefuseToRun"]
    c.FormgradeExtension.debug = False
