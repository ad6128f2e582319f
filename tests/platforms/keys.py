"""Private keys for tests, made when they are needed."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@functools.cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@functools.cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def pem(key: Key) -> str:
    """The private key as it stands in a key file."""
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()


def service_account_file(folder: Path, **more: Any) -> Path:
    """The JSON key file of a service account."""
    account = {"type": "service_account", "client_email": "care@acme.iam.example", "private_key_id": "k1"}
    path = folder / "service.json"
    path.write_text(json.dumps({**account, "private_key": pem(rsa_key()), **more}), encoding="utf-8")
    return path
