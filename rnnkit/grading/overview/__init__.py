"""What a whole class did, on one page and in one table."""
