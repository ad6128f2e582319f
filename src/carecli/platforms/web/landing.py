"""Does a link show its page? One request, no detours: what a customer would meet who follows it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import httpx

from carecli.errors import CareError
from carecli.platforms.web.guard import public_addresses

_AGENT = "carecli (link check)"


def landings(links: Iterable[str], *, timeout: float, allow_private: bool) -> dict[str, str]:
    """What is wrong with each link, in words that follow "The link …", by the link; the others are left out."""
    wanted = list(dict.fromkeys(links))
    return asyncio.run(_all(wanted, timeout, allow_private)) if wanted else {}


async def _all(links: list[str], seconds: float, allow_private: bool) -> dict[str, str]:
    async with httpx.AsyncClient(
        timeout=seconds, follow_redirects=False, headers={"User-Agent": _AGENT}, trust_env=True
    ) as client:
        found = await asyncio.gather(*(_one(client, link, allow_private) for link in links))
    return {link: problem for link, problem in zip(links, found, strict=True) if problem}


async def _one(client: httpx.AsyncClient, link: str, allow_private: bool) -> str | None:
    address = link if "://" in link else f"https://{link}"
    try:
        if not allow_private:
            await public_addresses(httpx.URL(address))
        async with client.stream("GET", address) as answer:
            if answer.is_redirect:
                onward = answer.headers.get("location", "somewhere else")[:100]
                return f"leads on to {onward} (status {answer.status_code})"
            return None if answer.status_code == 200 else f"answers with status {answer.status_code}"
    except CareError as error:
        return f"cannot be opened: {error.message}"
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, ValueError) as error:
        return f"does not answer ({type(error).__name__})"
