"""What only one architecture has, shown live: one module a family."""
