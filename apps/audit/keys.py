"""The key that signs checkpoints: Ed25519, in a file of its own (security.md §5.4)."""
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)


def public_file(key_file: Path) -> Path:
    """Where the public half lies: beside the key, `.pub`; a copy of it belongs to the 审计管理员."""
    return key_file.with_name(key_file.name + ".pub")


def ensure_key(key_file: Path) -> bool:
    """Make the key (0600) and its public half when there is none; True when made. Never replaces a key."""
    key_file.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    key = Ed25519PrivateKey.generate()
    with os.fdopen(handle, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public_file(key_file).write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return True


def load_key(key_file: Path) -> Ed25519PrivateKey:
    """The private key; OSError when the file cannot be read, ValueError when it holds something else."""
    key = load_pem_private_key(key_file.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{key_file} holds no Ed25519 key")
    return key


def load_public(file: Path) -> Ed25519PublicKey:
    """The public key; OSError when the file cannot be read, ValueError when it holds something else."""
    key = load_pem_public_key(file.read_bytes())
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError(f"{file} holds no Ed25519 key")
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    """The first 16 bytes of the key's SHA-256, in hex: short enough to be read aloud."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:32]


def verifier(key: Ed25519PublicKey) -> Callable[[bytes, bytes], bool]:
    """A function (signature, payload) -> whether the signature is the key's."""

    def verify(signature: bytes, payload: bytes) -> bool:
        try:
            key.verify(signature, payload)
        except InvalidSignature:
            return False
        return True

    return verify
