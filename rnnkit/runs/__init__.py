"""Trainings: one or many settings, through papermill or not, watched, interrupted and resumed."""
