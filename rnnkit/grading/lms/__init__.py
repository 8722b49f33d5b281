"""What learning platforms give and take: their grade sheets filled in, and feedback under their own names."""
