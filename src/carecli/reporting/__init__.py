"""Stage 4 at work: the rows and figures behind the parts of a report, and their way out."""
