"""The caps of an exam. Imports nothing of the project, so that settings can hold them."""

from __future__ import annotations

from pydantic import BaseModel, Field


class ExamLimits(BaseModel):
    """Caps of one exam. Sizes in bytes, times in seconds."""

    submission_bytes: int = Field(default=20_000_000, gt=0)
    """The largest archive that the exchange takes, and the most that one submission's files hold."""
    notebook_seconds: float = Field(default=300.0, gt=0)
    """The clock of a whole exam."""
    cell_seconds: float = Field(default=60.0, gt=0)
    """The clock of each cell, and of each launch on the bench."""
    call_seconds: float = Field(default=30.0, gt=0)
    """The clock of each call of a test into learner code."""
    memory_bytes: int = Field(default=4 << 30, gt=0)
    """Address space of each walled process; where it uses a GPU, the memory that it holds."""
    output_bytes: int = Field(default=1_000_000, gt=0)
    """What is kept of the output of each cell; the rest is counted and dropped."""
    file_bytes: int = Field(default=50_000_000, gt=0)
    """The largest file in an archive, and the largest one that learner code may write."""
    folder_bytes: int = Field(default=500_000_000, gt=0)
    """What the folder of a walled process may hold, the assignment's and the submission's files included."""
    folder_files: int = Field(default=10_000, gt=0)
    """The most files and folders in it."""
    threads: int = Field(default=512, gt=0)
    """The most threads of a walled process."""
    message_bytes: int = Field(default=256 << 20, gt=0)
    """The largest message between examiner and learner code, so also the largest array that crosses."""
