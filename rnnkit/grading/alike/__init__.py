"""Whose work is it: what two hand-ins have in common that others have not. Evidence for a person, never a score."""
