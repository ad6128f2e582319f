"""What tells that something is gone at its platform, and what only looks like it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carecli.errors import BadAnswer
from carecli.model import Visibility

if TYPE_CHECKING:
    from carecli.platforms.web.answers import Answer

# With 404, which also hides what an account may not see, and 410.
MISSING = (404, 410)
# What everybody may see is not hidden from us by a lost membership or another token.
OPEN: frozenset[Visibility] = frozenset({"public", "unlisted"})


def says_gone(answer: Answer, visibility: Visibility) -> bool:
    """Whether the API says that there is nothing at this address any more.

    In JSON: the 404 of a proxy is a page, and says nothing about posts. Of what not everybody may see only a 410.
    """
    if answer.status not in MISSING or (answer.status == 404 and visibility not in OPEN):
        return False
    try:
        return isinstance(answer.json(), dict)
    except BadAnswer:
        return False
