"""Courses: reading a folder, checking it, building what learners get, and archives that may be hostile.

Imports nothing itself, since notebook servers need `archives` alone.
"""
