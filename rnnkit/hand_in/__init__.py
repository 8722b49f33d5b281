"""What a student packs, from the assignment's own words."""
