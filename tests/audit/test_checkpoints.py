"""Checkpoints: what was signed outside the database cannot be rewritten inside it (AL-05)."""
import json
import stat
from datetime import timedelta
from io import StringIO

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.core.management import CommandError, call_command

from apps.audit import chain, checkpoints, keys, queries
from apps.audit.models import Checkpoint
from apps.core.errors import Refused
from tests.audit.conftest import AT
from tests.audit.test_chain import verdict, written
from tests.kit import roles


@pytest.fixture
def outside(settings, tmp_path, open_desk):
    """A key of the portal's own and a file outside the database."""
    settings.AUDIT_KEY_FILE = tmp_path / "state" / "audit.key"
    settings.AUDIT_CHECKPOINT_FILE = tmp_path / "outside" / "checkpoints.jsonl"
    keys.ensure_key(settings.AUDIT_KEY_FILE)
    return settings


def said(command):
    out = StringIO()
    call_command(command, stdout=out)
    return out.getvalue().strip()


def lines(outside):
    return [json.loads(line) for line in outside.AUDIT_CHECKPOINT_FILE.read_text().splitlines()]


def check(outside):
    public = str(keys.public_file(outside.AUDIT_KEY_FILE))
    code, found = verdict("--quiet", "--checkpoint", str(outside.AUDIT_CHECKPOINT_FILE), "--pubkey", public)
    return code, [line.rsplit(" ", 1)[0] for line in found]


REWRITE = """
DO $$
DECLARE e audit_event%ROWTYPE; previous bytea := decode(repeat('00', 32), 'hex');
BEGIN
  FOR e IN SELECT * FROM audit_event WHERE stream = 'org:1' ORDER BY seq LOOP
    IF e.seq = 3 THEN e.reason := '改'; END IF;
    e.prev_hash := previous;
    e.hash := audit_hash(e);
    UPDATE audit_event SET reason = e.reason, prev_hash = e.prev_hash, hash = e.hash WHERE stream = e.stream AND seq = e.seq;
    previous := e.hash;
  END LOOP;
  UPDATE audit_head SET hash = previous WHERE stream = 'org:1';
END $$
"""


def test_a_whole_chain_rewritten_with_right_hashes_is_found_by_the_outside_copy(outside):
    written()
    said("audit_checkpoint")
    with roles.as_superuser() as cursor:
        cursor.execute(REWRITE)
        cursor.execute("TRUNCATE audit_checkpoint")
    assert verdict("--quiet") == (0, [])
    assert check(outside) == (1, ["org:1 5 checkpoint"])


def test_a_tail_deleted_together_with_the_head_is_found_by_a_checkpoint(outside):
    written()
    said("audit_checkpoint")
    with roles.as_superuser() as cursor:
        cursor.execute(
            "DELETE FROM audit_event WHERE seq > 3; UPDATE audit_head h SET seq = 3, hash = e.hash FROM audit_event e WHERE e.seq = 3"
        )
    assert list(queries.faults()) == []
    assert check(outside) == (1, ["org:1 5 checkpoint"])
    assert verdict("--quiet")[0] == 1


def test_a_chain_that_grew_fits_every_old_checkpoint(outside):
    for _ in range(3):
        written()
        written("sys", 1)
        said("audit_checkpoint")
    assert [(line["number"], len(json.loads(line["heads"]))) for line in lines(outside)] == [(1, 2), (2, 2), (3, 2)]
    assert check(outside) == (0, [])
    assert verdict()[0] == 0


def test_one_old_line_alone_is_enough(outside):
    for _ in range(3):
        written()
        said("audit_checkpoint")
    outside.AUDIT_CHECKPOINT_FILE.write_text(outside.AUDIT_CHECKPOINT_FILE.read_text().splitlines()[1] + "\n")
    assert check(outside) == (0, [])
    with roles.as_superuser() as cursor:
        cursor.execute(REWRITE)
    assert check(outside) == (1, ["org:1 10 checkpoint"])


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        ("heads", '[["org:1",4,"00"]]', ["checkpoint 1 bad_hash", "org:1 4 checkpoint"]),
        ("root", "00" * 32, ["checkpoint 1 bad_hash", "checkpoint 1 bad_signature"]),
        ("hash", "00" * 32, ["checkpoint 1 bad_hash", "checkpoint 2 bad_link"]),
        ("signature", "00" * 64, ["checkpoint 1 bad_signature"]),
        ("at", "2020-01-01T00:00:00.000000Z", ["checkpoint 1 bad_hash", "checkpoint 1 bad_signature"]),
    ],
)
def test_a_changed_checkpoint_is_found(outside, field, value, found):
    for _ in range(2):
        written()
        said("audit_checkpoint")
    first, second = lines(outside)
    outside.AUDIT_CHECKPOINT_FILE.write_text(json.dumps(first | {field: value}) + "\n" + json.dumps(second) + "\n")
    assert check(outside) == (1, found)


def test_a_checkpoint_of_another_key_is_not_believed(outside, tmp_path):
    written()
    said("audit_checkpoint")
    keys.ensure_key(tmp_path / "other.key")
    code, found = verdict("--quiet", "--checkpoint", str(outside.AUDIT_CHECKPOINT_FILE), "--pubkey", str(tmp_path / "other.key.pub"))
    assert (code, found) == (1, ["checkpoint 1 bad_signature 检查点签名不符"])


def test_nothing_new_means_no_new_checkpoint(outside):
    assert said("audit_checkpoint") == "审计链没有变化，未签署新检查点；写入库外文件0个"
    written()
    assert said("audit_checkpoint") == "检查点 1 已签署；写入库外文件1个"
    assert said("audit_checkpoint") == "审计链没有变化，未签署新检查点；写入库外文件0个"
    one = Checkpoint.objects.get()
    assert (str(one), bytes(one.prev_hash), bytes(one.root)) == ("1", chain.GENESIS, chain.heads_root(one.heads))


def test_a_line_lost_in_a_crash_is_written_next_time(outside):
    written()
    checkpoints.make_checkpoint(outside.AUDIT_KEY_FILE, at=AT)
    written()
    checkpoints.make_checkpoint(outside.AUDIT_KEY_FILE, at=AT + timedelta(hours=1))
    assert checkpoints.copy_out(outside.AUDIT_CHECKPOINT_FILE) == 2
    assert [line["number"] for line in lines(outside)] == [1, 2]


def test_two_processes_make_one_checkpoint(outside):
    written()
    with roles.as_app() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [checkpoints.LOCK])
        assert checkpoints.make_checkpoint(outside.AUDIT_KEY_FILE, at=AT) is None
        cursor.execute("ROLLBACK")
    assert checkpoints.make_checkpoint(outside.AUDIT_KEY_FILE, at=AT).number == 1


def test_the_key_is_made_once_and_is_nobody_elses(outside):
    file = outside.AUDIT_KEY_FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    held = file.read_bytes()
    assert not keys.ensure_key(file)
    assert file.read_bytes() == held
    assert keys.fingerprint(keys.load_public(keys.public_file(file))) in said("audit_key")
    file.unlink()
    assert said("audit_key").startswith("签名密钥已生成")


def test_a_missing_or_foreign_key_is_named(outside, tmp_path):
    key = generate_private_key(SECP256R1())
    outside.AUDIT_KEY_FILE.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(Refused, match="审计签名密钥无法读取"):
        checkpoints.make_checkpoint(outside.AUDIT_KEY_FILE, at=AT)
    (tmp_path / "ec.pub").write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(ValueError, match="no Ed25519 key"):
        keys.load_public(tmp_path / "ec.pub")
    outside.AUDIT_KEY_FILE.unlink()
    with pytest.raises(CommandError, match=r"manage\.py audit_key") as end:
        call_command("audit_checkpoint")
    assert end.value.returncode == 2


def test_what_cannot_be_verified_is_neither_sound_nor_faulty(outside, tmp_path):
    written()
    said("audit_checkpoint")
    assert verdict("--checkpoint", str(tmp_path / "nothing"))[0] == 2
    (tmp_path / "other").write_text("text\n")
    assert verdict("--checkpoint", str(tmp_path / "other"))[0] == 2
    assert verdict("--pubkey", str(tmp_path / "nothing"))[0] == 2
    assert verdict("--stream", "org:1")[0] == 0


def test_the_merkle_root_tells_leaves_from_nodes_and_order():
    one, two, three = b"1", b"2", b"3"
    assert len({chain.merkle_root(leaves) for leaves in ([], [one], [one, two], [two, one], [one, two, three], [one, one])}) == 6
    left = chain.merkle_root([one, two])
    assert chain.merkle_root([one, two, three]) != chain.merkle_root([left, three])
