"""Whether submitted records are of the training that they state: evidence for a person, never a point."""
