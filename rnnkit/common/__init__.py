"""What every part may use: names and errors, whole files, processes, interrupts."""
