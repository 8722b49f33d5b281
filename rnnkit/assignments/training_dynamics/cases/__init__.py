"""What students' code is asked for, by notebook."""
