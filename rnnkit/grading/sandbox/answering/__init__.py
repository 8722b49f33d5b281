"""What is put in the place of parts of rnnkit where a student's answers are asked for; nothing here is imported."""
