"""Checks of students' code: the machinery, which knows no assignment."""
