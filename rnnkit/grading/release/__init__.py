"""What students are given: notebooks and wheel."""
