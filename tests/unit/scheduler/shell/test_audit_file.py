import pytest

from relay.scheduler.shell.audit_file import AuditFile
from relay.scheduler.shell.journal import JournalCorrupt


def line(seq: int) -> bytes:
    return b'{"seq":%d,"events":["caf\xc3\xa9"]}' % seq


@pytest.fixture
def path(tmp_path):
    return tmp_path / "audit.jsonl"


def test_appends_and_resumes_where_it_stopped(path):
    with AuditFile(path) as audit:
        assert audit.last == 0
        audit.append([line(1), line(2)], last=2)
    with AuditFile(path) as audit:
        assert audit.last == 2
        audit.append([line(3)], last=3)
    assert path.read_bytes() == b"".join(line(n) + b"\n" for n in (1, 2, 3))


@pytest.mark.parametrize("torn", range(1, 30, 4))
def test_a_torn_last_line_is_cut(path, torn):
    path.write_bytes(line(1) + b"\n" + line(2)[:torn])
    with AuditFile(path) as audit:
        assert audit.last == 1
        audit.append([line(2)], last=2)
    assert path.read_bytes() == line(1) + b"\n" + line(2) + b"\n"


def test_rotates_and_still_knows_where_it_stopped(path):
    with AuditFile(path, max_bytes=2 * len(line(1)) + 2) as audit:
        for seq in range(1, 6):
            audit.append([line(seq)], last=seq)
    parts = sorted(path.parent.iterdir())
    assert b"".join(part.read_bytes() for part in (*parts[1:], parts[0])) == b"".join(
        line(n) + b"\n" for n in range(1, 6)
    )
    path.unlink()
    with AuditFile(path) as audit:
        assert audit.last == 4


@pytest.mark.parametrize("content", [b"hello\n", b"[]\n", b'{"seq":"x"}\n'])
def test_a_foreign_file_is_not_appended_to(path, content):
    path.write_bytes(content)
    with pytest.raises(JournalCorrupt, match="not an audit file"):
        AuditFile(path)
    assert path.read_bytes() == content
