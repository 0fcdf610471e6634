"""Who is here, what they may start, and what they see."""
