"""A class that is made up, with known mistakes, copies, forgeries and attacks in it; then graded, killed and judged."""
