"""Triage: what a text is about, how its writer feels, what they want, and how soon."""
