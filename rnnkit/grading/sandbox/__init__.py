"""Where code that nobody has read runs."""
