"""The web pages of Lehrwerk and, in the same process, the exchange API.

May import `grader`, `campus.settings`, `campus.runtime` and `campus.signin.groups`; knows no SQL. Groups decide
everything a person may see; a page of another tenant answers as if it did not exist.
"""
