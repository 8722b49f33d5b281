"""Assignments, a folder for each: questions with their cases and inputs, settings, figures, and the key."""
