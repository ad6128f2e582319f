"""Reports that are mailed, over TLS, by a real server on loopback; and posted to a webhook."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.platforms.servers import LyingServer, Script, json_script
from tests.world import World


@dataclass
class Box:
    """A mail server that asks for TLS and a password, and what it was given."""

    folder: Path
    mails: list[EmailMessage] = field(default_factory=list)
    controller: Any = None

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address.startswith("nobody"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        assert session.ssl is not None
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=data.password == b"correct horse", handled=False)

    def settings(self, **changes: Any) -> str:
        values = {
            "host": "127.0.0.1",
            "port": self.controller.port,
            "user": "care",
            "sender": "care@example.org",
            "ca_file": str(self.folder / "ca.pem"),
            **changes,
        }
        return "\n[mail]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in values.items()) + "\n"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    found = Box(tmp_path)
    found.controller = Controller(
        found,
        hostname="127.0.0.1",
        port=free_port(),
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=found.authenticate,
    )
    found.controller.start()
    yield found
    found.controller.stop()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@pytest.fixture
def shop(world: World, box: Box) -> World:
    world.init()
    world.write("care.toml", world.config.read_text() + box.settings())
    world.mentions({"text": "@acme המזוודה שלי אבדה, this is terrible!"})
    world.env["CARE_MAIL_PASSWORD"] = "correct horse"
    return world


def test_a_report_arrives_by_mail_as_text_with_the_file_attached(shop: World, box: Box) -> None:
    shop.run("report", "--period", "day", "--format", "html", "--mail", "boss@example.org", "--mail", "b@example.org")
    (mail,) = box.mails
    assert (mail["To"], mail["From"]) == ("boss@example.org, b@example.org", "care@example.org")
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().startswith("Customer care report")
    (attached,) = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == ("report.html", "text/html")
    assert "<!DOCTYPE html>" in attached.get_payload(decode=True).decode()  # type: ignore[union-attr]


def test_a_wrong_password_is_told_and_never_shown(shop: World, box: Box) -> None:
    shop.env["CARE_MAIL_PASSWORD"] = "battery staple"
    said = shop.run("report", "--mail", "boss@example.org", expect=1).stderr
    assert "refuses user and password" in said
    assert "staple" not in said
    del shop.env["CARE_MAIL_PASSWORD"]
    assert "CARE_MAIL_PASSWORD" in shop.run("report", "--mail", "boss@example.org", expect=1).stderr
    assert box.mails == []


def test_a_certificate_that_nobody_vouches_for_is_refused(shop: World, box: Box) -> None:
    shop.write("care.toml", shop.config.read_text().replace(str(box.folder / "ca.pem"), ""))
    assert "CERTIFICATE_VERIFY_FAILED" in shop.run("report", "--mail", "boss@example.org", expect=1).stderr
    assert box.mails == []


def test_an_unknown_receiver_a_strange_one_and_no_server_are_told(shop: World, box: Box) -> None:
    assert "refuses nobody@" in shop.run("report", "--mail", "nobody@example.org", expect=1).stderr
    assert "address" in shop.run("report", "--mail", "a@example.org\nBcc: x@example.org", expect=2).stderr
    shop.write("care.toml", shop.config.read_text().replace(f"port = {box.controller.port}", "port = 9"))
    assert "cannot be reached" in shop.run("report", "--mail", "boss@example.org", expect=1).stderr
    assert box.mails == []


def test_a_job_mails_each_receiver_once_also_when_the_last_road_fails(shop: World, box: Box) -> None:
    with LyingServer() as web:
        web.on("/hook", Script(500), json_script({"ok": True}))
        job = '[reports.daily]\nperiod = "day"\nformat = "csv"\nmail = ["boss@example.org"]\n'
        job += f'webhook = "{web.url}/hook"\n'
        shop.write("care.toml", shop.config.read_text() + job)
        assert shop.json("report", "--due", expect=1)[0]["error"] is not None
        assert shop.json("report", "--due")[0]["error"] is None
        assert shop.json("report", "--due") == []
        assert [request.method for request in web.requests] == ["POST", "POST"]
        posted = json.loads(web.requests[-1].body)
    assert posted["title"] == "Customer care report"
    assert posted["report"]["period"]["until"] == "2026-11-20T00:00:00Z"
    (mail,) = box.mails
    assert mail["Subject"] == "Customer care report: 2026-11-19 to 2026-11-20"
    (attached,) = mail.iter_attachments()
    assert attached.get_filename() == "daily-2026-11-19.csv"
