"""Rows of the store as the JSON of CONTRACT.md."""

from __future__ import annotations

import json
from typing import Any

from carecli.model import Draft


def mention(row: Any) -> dict[str, Any]:
    """One mention; `row` comes from `carecli.store.mentions`."""
    return {
        "mention": row["mention_id"],
        "case": row["case_id"],
        "platform": row["platform"],
        "source": row["source"],
        "external_id": row["external_id"],
        "url": row["url"],
        "author": {
            "handle": row["author_handle"],
            "name": row["author_name"],
            "followers": row["author_followers"],
        },
        "inbound": bool(row["inbound"]),
        "text": None if row["deleted_at"] else row["text"],
        "deleted_at": row["deleted_at"],
        "match": row["matched"],
        "language": row["language"] or row["declared_language"],
        "sentiment": row["sentiment"],
        "sentiment_score": row["sentiment_score"],
        "intent": row["intent"],
        "topics": json.loads(row["topics"]),
        "urgency": row["urgency"],
        "needs_reply": None if row["needs_reply"] is None else bool(row["needs_reply"]),
        "risks": json.loads(row["risks"]),
        "confidence": row["confidence"],
        "why": json.loads(row["why"]),
        "corrected": row["corrections"] != "{}",
        "created_at": row["created_at"],
        "in_reply_to": row["in_reply_to"],
        "visibility": row["visibility"],
        "directed": bool(row["directed"]),
        "metrics": {"likes": row["likes"], "reposts": row["reposts"], "replies": row["replies"]},
    }


def draft(value: Draft) -> dict[str, Any]:
    """One proposed reply."""
    return {
        "draft_id": value.draft_id,
        "text": value.text,
        "language": value.language,
        "voice": value.voice,
        "maker": value.maker,
        "sources": list(value.sources),
        "findings": [finding(item) for item in value.findings],
    }


def finding(value: Any) -> dict[str, Any]:
    """One guardrail finding."""
    return {key: getattr(value, key) for key in ("rule", "severity", "message", "start", "end")}


def reply(row: Any) -> dict[str, Any]:
    """One line of the outbox."""
    return {
        "reply_id": row["reply_id"],
        "case": row["case_id"],
        "status": row["status"],
        "attempts": row["attempts"],
        "last_error": row["last_error"],
        "text": row["text"],
        "private": bool(row["private"]),
        "agent": row["agent"],
        "created_at": row["created_at"],
        "send_at": row["send_at"],
        "parts": row["parts"] or None,
        "parts_sent": row["parts_sent"] if row["parts"] else None,
        "url": row["url"],
    }


def standing(reply: dict[str, Any]) -> str:
    """Where a reply of the outbox stands, for people: its status, how much of a thread is out, when it goes out."""
    said = str(reply["status"])
    if reply["parts"] and reply["status"] != "sent":
        said += f", {reply['parts_sent']} of {reply['parts']} posts out"
    if reply["send_at"] and reply["status"] == "approved":
        said += f" for {reply['send_at']}"
    return said


def stored_draft(row: Any) -> dict[str, Any]:
    """One draft as people work on it."""
    return {
        "draft_id": row["draft_id"],
        "case": row["case_id"],
        "text": row["text"],
        "language": row["language"] or None,
        "voice": row["voice"],
        "maker": row["maker"],
        "sources": json.loads(row["sources"]),
        "findings": json.loads(row["findings"]),
        "agent": row["agent"],
        "private": bool(row["private"]),
        "approval": row["approval"],
        "created_at": row["created_at"],
    }
