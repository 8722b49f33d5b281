"""From files that came in to one folder for each student."""
