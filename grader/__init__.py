"""How work is marked: courses, the exchange, the exam room, the registrar, checks and devices."""
