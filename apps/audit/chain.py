"""How links and checkpoints are hashed and checked: pure, so that a stand-alone verifier can use it without the portal.

`audit_hash` in migrations/audit.sql computes the same link hash.
"""
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

GENESIS = bytes(32)
LINK_ALG = "sha256"
CHECKPOINT_ALG = "sha256+ed25519"


@dataclass(frozen=True)
class Link:
    """One event as it is hashed; field order is the order of the hashed array."""

    stream: str
    seq: int
    at: datetime
    actor_id: int | None
    actor_name: str
    acting_for: int | None
    acting_for_name: str
    ip: str | None
    session_hash: str
    request_id: str
    event_type: str
    object_type: str
    object_id: str
    object_label: str
    unit_id: int | None
    result: str
    reason: str
    body: str
    alg: str
    prev_hash: bytes
    hash: bytes


@dataclass(frozen=True)
class Fault:
    """One thing wrong with the audit: where (`seq` None for a whole chain), which kind, and what it means."""

    stream: str
    seq: int | None
    kind: str
    text: str

    def __str__(self) -> str:
        place = self.stream if self.seq is None else f"{self.stream} {self.seq}"
        return f"{place} {self.kind} {self.text}"


@dataclass(frozen=True)
class Head:
    """Where a chain stands: its last `seq` and that link's hash."""

    stream: str
    seq: int
    hash: bytes


def moment(at: datetime) -> str:
    """The one text of a moment: UTC, always six decimals."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)


def link_hash(link: Link) -> bytes:
    """SHA-256 over a JSON array of texts: no two different events give the same array."""
    fields = [
        link.stream, str(link.seq), moment(link.at), _text(link.actor_id), link.actor_name, _text(link.acting_for),
        link.acting_for_name, link.ip, link.session_hash, link.request_id, link.event_type, link.object_type,
        link.object_id, link.object_label, _text(link.unit_id), link.result, link.reason, link.body, link.alg,
        link.prev_hash.hex(),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(fields, ensure_ascii=False).encode()).digest()


def check_links(links: Iterable[Link], head: Head) -> Iterator[Fault]:
    """The faults of one chain, given its links in order of seq up to its head; first the first."""
    seq, previous = 0, GENESIS
    for link in links:
        if link.seq != seq + 1:
            yield Fault(head.stream, seq + 1, "gap", f"缺少第{seq + 1}至{link.seq - 1}条事件")
        elif link.prev_hash != previous:
            yield Fault(head.stream, link.seq, "bad_link", "与前一条事件不衔接")
        if link.hash != link_hash(link):
            yield Fault(head.stream, link.seq, "bad_hash", "事件内容与哈希不符")
        seq, previous = link.seq, link.hash
    if seq < head.seq:
        yield Fault(head.stream, seq + 1, "tail", f"缺少第{seq + 1}至{head.seq}条事件，末尾被删除或链头被改动")
    elif previous != head.hash:
        yield Fault(head.stream, head.seq, "head", "链头与最后一条事件不符")


def merkle_root(leaves: list[bytes]) -> bytes:
    """The root of RFC 6962: leaves and nodes hashed with different first bytes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    half = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\x01" + merkle_root(leaves[:half]) + merkle_root(leaves[half:])).digest()


def heads_text(heads: Iterable[Head]) -> str:
    """The heads as a checkpoint keeps them: canonical JSON, sorted by stream."""
    rows = sorted([head.stream, head.seq, head.hash.hex()] for head in heads)
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def heads_root(text: str) -> bytes:
    """The Merkle root over the heads of a checkpoint."""
    return merkle_root([json.dumps(row, ensure_ascii=False).encode() for row in json.loads(text)])


def checkpoint_payload(*, number: int, at: datetime, root: bytes, prev_hash: bytes, alg: str, key_id: str) -> bytes:
    """The bytes that are hashed and signed."""
    return json.dumps(["checkpoint", str(number), moment(at), root.hex(), prev_hash.hex(), alg, key_id]).encode()


def checkpoint_faults(lines: Iterable[dict[str, Any]], verify: Any) -> Iterator[Fault]:
    """The faults of checkpoints by themselves, in order of number.

    `verify(signature, payload)` tells whether the signature is that of the trusted key. The first line may be any
    checkpoint: an outside copy need not be complete.
    """
    previous: bytes | None = None
    for line in lines:
        name = f"checkpoint {line['number']}"
        root, prev_hash = bytes.fromhex(line["root"]), bytes.fromhex(line["prev_hash"])
        at, rest = datetime.fromisoformat(line["at"]), {"alg": line["alg"], "key_id": line["key_id"]}
        payload = checkpoint_payload(number=line["number"], at=at, root=root, prev_hash=prev_hash, **rest)
        if previous is not None and prev_hash != previous:
            yield Fault(name, None, "bad_link", "与前一检查点不衔接")
        if heads_root(line["heads"]) != root or hashlib.sha256(payload).hexdigest() != line["hash"]:
            yield Fault(name, None, "bad_hash", "检查点内容与哈希不符")
        if not verify(bytes.fromhex(line["signature"]), payload):
            yield Fault(name, None, "bad_signature", "检查点签名不符")
        previous = bytes.fromhex(line["hash"])


def promised(lines: Iterable[dict[str, Any]]) -> dict[str, dict[int, bytes]]:
    """What checkpoints say the chains once held: stream → seq → hash."""
    found: dict[str, dict[int, bytes]] = {}
    for line in lines:
        for stream, seq, digest in json.loads(line["heads"]):
            found.setdefault(stream, {})[seq] = bytes.fromhex(digest)
    return found


def broken_promises(links: Iterable[tuple[int, bytes]], stream: str, wanted: dict[int, bytes]) -> Iterator[Fault]:
    """Faults where a chain no longer holds what a checkpoint signed; `links` are (seq, hash) of the wanted seqs."""
    held = dict(links)
    for seq in sorted(wanted):
        if held.get(seq) != wanted[seq]:
            text = "检查点记载的事件已被删除" if seq not in held else "检查点记载的事件已被改写"
            yield Fault(stream, seq, "checkpoint", text)
