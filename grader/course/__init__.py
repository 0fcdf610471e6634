"""Courses: reading a folder, checking it, building what learners get, and archives that may be hostile."""

from grader.course.archives import pack
from grader.course.build import Opened, build, open_course, read_bundle
from grader.course.model import Bundle, CourseError, Problem

__all__ = ["Bundle", "CourseError", "Opened", "Problem", "build", "open_course", "pack", "read_bundle"]
