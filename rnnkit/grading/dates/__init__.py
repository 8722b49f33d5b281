"""When a submission is due, when it came, and what being late costs."""
