"""A signed note that says where a picture comes from, which everybody can check (chapter 20).

The signature is Lamport's (1979), from hashes alone: the secret is 256 pairs of random numbers, the
public key their hashes, and a signature opens one of each pair, as the message's bits say. One key
signs one message. The field's standard, C2PA, signs with elliptic curves and carries certificates.
"""

import hashlib
import json
import secrets
from typing import Any, NamedTuple


def _hash(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _bits(message: bytes) -> list[int]:
    """The 256 bits of a message's hash."""
    number = int.from_bytes(_hash(message), "big")
    return [number >> k & 1 for k in range(256)]


class Key(NamedTuple):
    """What the maker keeps, and what everybody may know."""

    secret: list[tuple[bytes, bytes]]
    public: list[tuple[bytes, bytes]]


def new_key() -> Key:
    """A key for one signature."""
    secret = [(secrets.token_bytes(32), secrets.token_bytes(32)) for _ in range(256)]
    return Key(secret, [(_hash(a), _hash(b)) for a, b in secret])


def sign(content: bytes, claims: dict[str, Any], key: Key) -> dict[str, Any]:
    """A manifest: claims about the content, its hash, and the signature of both."""
    told = {"claims": claims, "sha256": hashlib.sha256(content).hexdigest()}
    message = json.dumps(told, sort_keys=True).encode()
    opened = [pair[bit].hex() for pair, bit in zip(key.secret, _bits(message), strict=True)]
    return told | {"signature": opened}


def verify(content: bytes, manifest: dict[str, Any], public: list[tuple[bytes, bytes]]) -> bool:
    """Whether this maker said these claims of exactly this content."""
    told = {"claims": manifest["claims"], "sha256": hashlib.sha256(content).hexdigest()}
    message = json.dumps(told, sort_keys=True).encode()
    opened = [bytes.fromhex(part) for part in manifest["signature"]]
    return len(opened) == 256 and all(
        _hash(part) == pair[bit]
        for part, pair, bit in zip(opened, public, _bits(message), strict=True)
    )
