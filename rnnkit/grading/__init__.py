"""The instructor's side. It is not in the student's wheel."""
