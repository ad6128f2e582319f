"""Stage 3 at work: drafts, what the guardrails are told, who approves, and the outbox."""
