"""What a person should look at: never a score by itself, but for the run that is tried again."""
