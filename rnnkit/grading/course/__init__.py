"""A class: its folder, ledger, gradebook and roster, and the way of each submission."""
