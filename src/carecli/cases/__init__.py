"""What a case is, pure: which messages belong together, what happened to them, which say the same."""
