"""Reports on their way out: into a file, by mail, to a webhook. Each goes whole, or an error says why not."""

from __future__ import annotations

import asyncio
import os
import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from urllib.parse import urlsplit

from carecli import credentials
from carecli.config import Config, Mail
from carecli.errors import AuthError, CareError, ConfigError, Unreachable
from carecli.reports.tables import Part

TIMEOUT = 30.0
KINDS = {"html": ("text", "html"), "csv": ("text", "csv"), "md": ("text", "markdown"), "json": ("application", "json")}


def write(to: Path, text: str) -> None:
    """Whole or not at all: a reader never sees half a report. Raises CareError."""
    partial = to.with_name(f"{to.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, to)  # noqa: PTH105 - Path.replace is the same call
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise CareError(f"cannot write {to}: {error.strerror}") from error


def mail(config: Config, to: Sequence[str], subject: str, body: str, attachment: tuple[str, str] | None = None) -> None:
    """Send `body` as text to everybody in `to`; `attachment`: (file name, text).

    Always over TLS with a certificate that is checked. The password comes from CARE_MAIL_PASSWORD,
    `[mail] password_command` or the keyring. Raises ConfigError, AuthError, Unreachable, CareError.
    """
    settings = config.mail
    if not settings.host or not settings.sender:
        raise ConfigError("no mail server is configured", hint='care.toml: [mail] host = "…", sender = "…"')
    message = _message(settings, to, subject, body, attachment)
    try:
        with _connected(settings) as server:
            if settings.user:
                server.login(settings.user, _password(settings))
            refused = server.send_message(message)
    except smtplib.SMTPAuthenticationError as error:
        raise AuthError(f"{settings.host} refuses user and password ({error.smtp_code})") from None
    except smtplib.SMTPRecipientsRefused as error:
        raise CareError(f"{settings.host} refuses {', '.join(error.recipients)}") from None
    except (smtplib.SMTPException, ssl.SSLError) as error:
        raise CareError(f"{settings.host}: the mail was not sent ({type(error).__name__}: {_words(error)})") from None
    except OSError as error:
        raise Unreachable(f"{settings.host}:{settings.port} cannot be reached: {error.strerror or error}") from None
    if refused:
        raise CareError(f"{settings.host} refuses {', '.join(refused)}; the others have it")


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _connected(settings: Mail) -> smtplib.SMTP:
    trusted = ssl.create_default_context()
    if settings.ca_file:
        try:
            trusted.load_verify_locations(Path(settings.ca_file).expanduser())
        except OSError as error:
            raise ConfigError(f"[mail] ca_file {settings.ca_file}: {error.strerror or error}") from None
    if settings.security == "tls":
        return smtplib.SMTP_SSL(settings.host, settings.port, timeout=TIMEOUT, context=trusted)
    server = smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT)
    try:
        server.starttls(context=trusted)
    except BaseException:
        server.close()
        raise
    return server


def _password(settings: Mail) -> str:
    found = credentials.find("mail", "PASSWORD", {"password_command": settings.password_command})
    if found is None:
        raise AuthError(
            f"there is no password for {settings.user} at {settings.host}",
            hint=f"set {credentials.variable('mail', 'PASSWORD')}, or [mail] password_command",
        )
    return found


def _message(
    settings: Mail, to: Sequence[str], subject: str, body: str, attachment: tuple[str, str] | None
) -> EmailMessage:
    message = EmailMessage()
    try:
        message["From"], message["To"], message["Subject"] = settings.sender, ", ".join(to), subject
    except ValueError as error:
        raise ConfigError(f"a mail cannot have such an address: {error}") from None
    message["Date"] = formatdate(localtime=False)
    message["Message-ID"] = make_msgid(domain="carecli.invalid")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body)
    if attachment is not None:
        name, text = attachment
        main, sub = KINDS.get(name.rpartition(".")[2], ("text", "plain"))
        message.add_attachment(text.encode(), maintype=main, subtype=sub, filename=name)
    return message


def post(url: str, part: Part, text: str) -> None:
    """POST a report to a webhook as JSON: its title, `text` for chats that show just that, and its figures.

    Raises PlatformError, ConfigError for an address that is none.
    """
    from carecli.platforms.web.http import Client

    address = urlsplit(url)
    path = f"{address.path or '/'}{'?' + address.query if address.query else ''}"

    async def send() -> None:
        async with Client(f"{address.scheme}://{address.netloc}", timeout=TIMEOUT) as client:
            document = {"title": part.title, "text": text, "report": part.document}
            await client.send("POST", path, json=document, ok=range(200, 300))

    asyncio.run(send())
