"""Submitted notebooks: read, recognised, rebuilt on the ones given out, executed, made safe to show."""
