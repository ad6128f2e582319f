"""What the fakes of Meta's platforms share: tokens, signatures, paging by cursors, errors with codes."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

from carecli.model import JSON
from tests.platforms.fakes import Fake
from tests.platforms.servers import Request, Script, json_script

TOKEN = "EAAG-page-token"
SECRET = "app-secret-1"
PROOF = hmac.new(SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()


def refusal(code: int, status: int = 400, *, usage: JSON | None = None, **more: Any) -> Script:
    """An error in Meta's shape."""
    error = {"message": f"({code}) no", "type": "OAuthException", "code": code, "fbtrace_id": "A1", **more}
    headers = {"X-Business-Use-Case-Usage": json.dumps(usage)} if usage else {}
    return json_script({"error": error}, status, headers)


class GraphFake(Fake):
    """A Graph API; `demands_proof`: only signed requests are taken."""

    def __init__(self) -> None:
        super().__init__()
        self.demands_proof = False
        self.headers: dict[str, str] = {}

    def answer(self, request: Request) -> Script:
        if request.first("access_token") != TOKEN:
            self.requests.append(request)
            return refusal(190, error_subcode=463)
        if self.demands_proof and request.first("appsecret_proof") != PROOF:
            return refusal(100)
        found = super().answer(request)
        return Script(found.status, found.body, {**self.headers, **found.headers}, cut=found.cut)

    def at(self) -> str:
        """The next moment as Meta writes it."""
        return self.tick().strftime("%Y-%m-%dT%H:%M:%S+0000")

    def paged(self, items: Sequence[JSON], request: Request, size: int | None = None) -> JSON:
        """`items` after a cursor that holds its place; the last page has a cursor, too, but no next page."""
        limit, after = size or int(request.first("limit")), request.first("after")
        ids = [str(item.get("id")) for item in items]
        start = ids.index(after) + 1 if after else 0
        page = list(items[start : start + limit])
        paging: JSON = {"cursors": {"before": ids[start], "after": str(page[-1].get("id"))}} if page else {}
        if start + limit < len(items):
            paging["next"] = f"https://elsewhere.example/x?access_token={TOKEN}&after={page[-1]['id']}"
        return {"data": page, "paging": paging}
