"""nbgrader's exchange over HTTP: the server that the portal mounts, and the client in notebook servers.

The server may import the store and `grader.course.archives`; it knows no SQL. The client knows HTTP only.
"""

from grader.exchange.people import Person

__all__ = ["Person"]
