"""Exams whose processes have users of their own: run in a mount namespace in which those users come to this Python."""
