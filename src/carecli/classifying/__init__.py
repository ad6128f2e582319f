"""The triage engine at work: what it learns, remembers, and asks others about."""
