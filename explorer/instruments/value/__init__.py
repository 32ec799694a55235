"""One value of any operation, taken apart: what it reads, and how it is made of that."""
