"""What is done in a clone: setting up, tests, linter, JupyterLab."""
