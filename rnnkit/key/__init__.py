"""What instructors alone have of the core. Never in what students have."""
