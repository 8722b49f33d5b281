"""Marking of written answers, question by question: rubric, journal, second marker, the page in the browser."""
