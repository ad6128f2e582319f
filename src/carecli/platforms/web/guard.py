"""What keeps a client safe from the other end: public addresses only, and bounded decompression."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import zlib
from collections.abc import AsyncIterator
from typing import Any

import httpx

from carecli.errors import BadAnswer, NotProcessed

NAT64 = ipaddress.ip_network("64:ff9b::/96")
COMPATIBLE = ipaddress.ip_network("::/96")


def is_public(address: str) -> bool:
    """Whether an IP address is on the public Internet, seen through IPv6's ways to wrap an IPv4 address."""
    ip: Any = ipaddress.ip_address(address.partition("%")[0])
    if ip.version == 6:
        wrapped = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in NAT64 or ip in COMPATIBLE:
            wrapped = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        ip = wrapped or ip
    return bool(ip.is_global and not ip.is_multicast and not ip.is_reserved)


async def public_addresses(url: httpx.URL) -> list[str]:
    """The addresses of the host of `url`.

    Raises NotProcessed when one of them is not public, httpx.ConnectError when there are none.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            url.raw_host.decode("ascii").strip("[]"), url.port or 0, type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError) as error:
        raise httpx.ConnectError(f"the name {url.host} is not known") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        if not is_public(address):
            raise NotProcessed(
                f"{url.host} is an address of this machine or of a private network ({address}); not opened",
                hint="if that is meant, set `allow_private = true` under [network] in care.toml",
            )
    return addresses


async def decoded(response: httpx.Response, limit: int) -> AsyncIterator[bytes]:
    """The body without its compression, in parts of at most `limit` bytes, however well it is packed.

    A part of `limit` bytes may be cut. Raises BadAnswer for a broken, cut or unknown compression.
    """
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in {"identity", ""}:
        async for chunk in response.aiter_raw():
            yield chunk
        return
    host, status = response.url.host, response.status_code
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise BadAnswer(f"{host} compresses in a way that was not asked for", status=status)
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    empty = True
    try:
        async for chunk in response.aiter_raw():
            empty = False
            yield unpacker.decompress(chunk, limit)
    except zlib.error as error:
        raise BadAnswer(f"{host} sent a broken compressed body", status=status) from error
    if not empty and not unpacker.eof:
        raise BadAnswer(f"{host} cut its compressed answer short", status=status)
