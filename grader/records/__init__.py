"""The registrar: verdicts become nbgrader's gradebooks and feedback. Holds credentials, runs no course code.

May import the store, nbgrader, and of the exam the verdict's model only.
"""

from grader.records.outline import Place
from grader.records.registrar import Grade, GradebookRefused, Registrar

__all__ = ["Grade", "GradebookRefused", "Place", "Registrar"]
