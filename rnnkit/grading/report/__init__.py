"""What students and instructors get: pages, CSV."""
