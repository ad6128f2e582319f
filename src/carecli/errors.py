"""Every failure that a user can meet, each with its exit status.

CareError                    1  something failed; the message says what, where and what to do
├── UsageError               2  the command line is wrong
├── ConfigError              2  care.toml is wrong: file, line and key are named
├── Refused                  3  a guardrail blocks the reply
├── PartlyDone               4  some sources failed, the rest is stored
├── Locked                   5  another care holds the lock
├── Stopped                130  a person pressed Ctrl-C; what was done until then is safe
├── StoreError               1  the database cannot be opened, read or written
├── NotFound                 1  no such case, mention, source, draft …
├── Conflict                 1  somebody else was faster (claimed, answered, changed)
└── PlatformError            1  a platform answered with an error
    ├── AuthError                the credential is missing, wrong or lacks a scope
    ├── RateLimited              asked to wait; `retry_after` in seconds where known
    ├── Unreachable              no answer: DNS, connection, TLS, timeout
    ├── BadAnswer                an answer that is not what the platform promises
    └── NotProcessed             the platform says explicitly that nothing was done: safe to retry
"""

from __future__ import annotations

from typing import ClassVar


class CareError(Exception):
    """A failure with a message for a person and, where there is one, the next step."""

    exit_status: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(CareError):
    exit_status = 2


class ConfigError(CareError):
    exit_status = 2


class Refused(CareError):
    exit_status = 3


class PartlyDone(CareError):
    exit_status = 4


class Locked(CareError):
    exit_status = 5


class Stopped(CareError):
    exit_status = 130


class StoreError(CareError):
    pass


class NotFound(CareError):
    pass


class Conflict(CareError):
    pass


class PlatformError(CareError):
    """A platform's error; `status` is the HTTP status where there was one."""

    def __init__(self, message: str, *, hint: str | None = None, status: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class AuthError(PlatformError):
    pass


class RateLimited(PlatformError):
    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint, status=status)
        self.retry_after = retry_after


class Unreachable(PlatformError):
    pass


class BadAnswer(PlatformError):
    pass


class NotProcessed(PlatformError):
    pass
