"""What somebody sees and does from their seat, for `care triage` in both its forms."""
