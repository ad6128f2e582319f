"""Stage 1 at work: asking sources, each with its cursor and its patience."""
