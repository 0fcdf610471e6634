"""`python -m campus` is the command `lehrwerk`."""

from campus.command import main

main()
