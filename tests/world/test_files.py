"""Host files: what they do, and that nothing leads out of their directory."""

from __future__ import annotations

import errno
import gc
import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.environment.files import (
    MAX_FILE_SIZE,
    MAX_SCRIPTED_SIZE,
    OPEN_MAX,
    Files,
    HostFiles,
    OpenMode,
    ScriptedFiles,
    path_components,
)
from tests.waiting import until_asleep

READ, WRITE = OpenMode.READ, OpenMode.WRITE
UPDATE = READ | WRITE
NEW = UPDATE | OpenMode.CREATE | OpenMode.TRUNCATE


def errno_of(action: Callable[[], object]) -> str:
    with pytest.raises(OSError) as caught:  # noqa: PT011 - the errno is what is looked at
        action()
    return errno.errorcode[caught.value.errno or 0]


@pytest.fixture(params=["host", "scripted"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    """Both kinds, with one file in each: they must not differ."""
    if request.param == "scripted":
        return ScriptedFiles({b"greeting": b"hello world"})
    (tmp_path / "greeting").write_bytes(b"hello world")
    return HostFiles(str(tmp_path))


def content(files: Files, path: bytes) -> bytes:
    handle = files.open(path, READ)
    data = files.read(handle, 0, 1 << 20)
    files.close(handle)
    return data


def test_reading(files: Files) -> None:
    handle = files.open(b"greeting", READ)
    assert files.length(handle) == 11
    assert files.read(handle, 6, 3) == b"wor"
    assert files.read(handle, 9, 0xFFFFFFFF) == b"ld"
    assert files.read(handle, 11, 5) == b""
    assert files.read(handle, 0xFFFFFFFF, 5) == b""


def test_writing(files: Files) -> None:
    handle = files.open(b"./greeting", UPDATE)
    files.write(handle, 6, b"there, you")
    assert files.read(handle, 0, 100) == b"hello there, you"
    assert content(files, b"greeting") == b"hello there, you"


def test_a_gap_reads_as_zeros(files: Files) -> None:
    handle = files.open(b"new", NEW)
    files.write(handle, 3, b"x")
    assert content(files, b"new") == b"\0\0\0x"


def test_truncating_and_creating(files: Files) -> None:
    files.close(files.open(b"greeting", NEW))
    files.close(files.open(b"new", WRITE | OpenMode.CREATE))
    assert (content(files, b"greeting"), content(files, b"new")) == (b"", b"")


def test_handles_are_used_again_and_lie_close(files: Files) -> None:
    first, second = files.open(b"greeting", READ), files.open(b"greeting", READ)
    files.close(first)
    assert (first, second, files.open(b"greeting", READ)) == (0, 1, 0)


def test_an_open_file_outlives_its_name(files: Files) -> None:
    handle = files.open(b"greeting", UPDATE)
    files.remove(b"greeting")
    files.write(handle, 0, b"J")
    assert files.read(handle, 0, 5) == b"Jello"
    assert errno_of(lambda: files.open(b"greeting", READ)) == "ENOENT"


def test_renaming(files: Files) -> None:
    files.close(files.open(b"other", NEW))
    files.rename(b"greeting", b"other")
    assert content(files, b"other") == b"hello world"
    assert errno_of(lambda: files.rename(b"greeting", b"third")) == "ENOENT"


@pytest.mark.parametrize(
    ("path", "error"),
    [
        (b"missing", "ENOENT"),
        (b"", "ENOENT"),
        (b"gree\0ting", "EINVAL"),
        (b".", "EISDIR"),
        (b"x/..", "EISDIR"),
        (b"..", "EACCES"),
        (b"../greeting", "EACCES"),
        (b"x/../../greeting", "EACCES"),
        (b"/greeting", "EACCES"),
        (b"//greeting", "EACCES"),
    ],
)
def test_paths_that_name_no_file(files: Files, path: bytes, error: str) -> None:
    assert errno_of(lambda: files.open(path, READ)) == error
    assert errno_of(lambda: files.remove(path)) == error
    assert errno_of(lambda: files.rename(path, b"new")) == error


@given(st.lists(st.sampled_from([b"a", b"..", b".", b"", b"b"])).map(b"/".join))
def test_dots_lead_where_they_lead_on_the_host_or_out(path: bytes) -> None:
    base = b"/base/of/all"
    expected = os.path.normpath(base + b"/" + path)
    try:
        names = path_components(path)
    except OSError:
        return
    assert os.path.join(base, *names) == expected


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A directory ``in`` beside a secret, with links of every kind that lead to it."""
    inside = tmp_path / "in"
    (inside / "deep").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    (inside / "deep/file").write_text("mine")
    (inside / "link").symlink_to(tmp_path / "secret")
    (inside / "relative").symlink_to("../secret")
    (inside / "up").symlink_to("..")
    (inside / "harmless").symlink_to("deep")
    (inside / "dangling").symlink_to(tmp_path / "created")
    return inside


def test_files_in_inner_directories(outside: Path) -> None:
    files = HostFiles(str(outside))
    assert content(files, b"deep/../deep//./file") == b"mine"


@pytest.mark.parametrize("path", [b"link", b"relative", b"up/secret", b"dangling"])
@pytest.mark.parametrize("mode", [READ, UPDATE, NEW])
def test_no_link_is_followed(outside: Path, path: bytes, mode: OpenMode) -> None:
    files = HostFiles(str(outside))
    assert errno_of(lambda: files.open(path, mode)) in ("ELOOP", "ENOTDIR")
    assert (outside.parent / "secret").read_text() == "secret"
    assert not (outside.parent / "created").exists()


def test_not_even_a_link_that_stays_inside(outside: Path) -> None:
    assert errno_of(lambda: HostFiles(str(outside)).open(b"harmless/file", READ)) == "ENOTDIR"


OTHERS = [
    (b"link", "ELOOP"), (b"harmless", "ELOOP"), (b"deep", "EISDIR"), (b"pipe", "EACCES"),
    (b"socket", "EACCES"),
]  # fmt: skip
"""What is no regular file, and the errno of whatever is done with it."""


@pytest.mark.parametrize(("path", "error"), OTHERS)
def test_only_regular_files_are_opened_removed_and_renamed(
    outside: Path, path: bytes, error: str
) -> None:
    os.mkfifo(outside / "pipe")
    os.mknod(outside / "socket", stat.S_IFSOCK | 0o600)
    files, before = HostFiles(str(outside)), tree(outside)
    for mode in (READ, UPDATE, NEW):
        assert errno_of(lambda mode=mode: files.open(path, mode)) == error
    assert errno_of(lambda: files.remove(path)) == error
    assert errno_of(lambda: files.rename(path, b"moved")) == error
    assert errno_of(lambda: files.rename(b"deep/file", path)) == error
    assert tree(outside) == before


def tree(directory: Path) -> dict[str, int]:
    """All there is, by path: the inodes."""
    return {str(path): path.lstat().st_ino for path in directory.rglob("*")}


def test_no_step_of_a_path_is_a_file_or_a_link(outside: Path) -> None:
    files = HostFiles(str(outside))
    assert errno_of(lambda: files.open(b"deep/file/x", READ)) == "ENOTDIR"
    assert errno_of(lambda: files.remove(b"up/secret")) == "ENOTDIR"
    assert errno_of(lambda: files.rename(b"deep/file", b"up/file")) == "ENOTDIR"


def test_a_pipe_is_not_opened_so_that_its_writer_goes_on_waiting(outside: Path) -> None:
    """A refused open would let it write, and lose what it writes."""
    os.mkfifo(outside / "pipe")
    writer = subprocess.Popen(["sh", "-c", 'exec 3>"$1"', "sh", str(outside / "pipe")])
    try:
        until_asleep(writer)
        files = HostFiles(str(outside))
        for mode in (READ, UPDATE, NEW, WRITE):
            assert errno_of(lambda mode=mode: files.open(b"pipe", mode)) == "EACCES"
        until_asleep(writer)
        assert writer.poll() is None
    finally:
        writer.kill()
        writer.wait()


def test_what_takes_the_place_of_a_file_meanwhile_is_closed_again(
    outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at a file and its opening."""
    files, real = HostFiles(str(outside)), os.open

    def exchanged(name: bytes, *arguments: int, **others: int) -> int:
        if name == b"file":
            (outside / "deep/file").unlink()
            os.mkfifo(outside / "deep/file")
        return real(name, *arguments, **others)

    monkeypatch.setattr(os, "open", exchanged)
    gc.collect()  # what other tests left, which must not go meanwhile
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None
    assert errno_of(lambda: files.open(b"deep/file", READ)) == "EACCES"
    if before is not None:
        assert len(os.listdir("/proc/self/fd")) == before


def test_only_so_many_files_are_open_at_once(outside: Path) -> None:
    """Whoever opens them: the host's own limit is for others, too."""
    files = HostFiles(str(outside))
    handles = [files.open(b"deep/file", READ) for _ in range(OPEN_MAX)]
    assert errno_of(lambda: files.open(b"deep/file", READ)) == "EMFILE"
    files.close(handles[7])
    assert files.open(b"deep/file", READ) == handles[7]


def test_without_a_directory_there_are_no_files() -> None:
    assert errno_of(lambda: HostFiles().open(b"x", READ)) == "EACCES"


def test_no_file_grows_beyond_a_positive_length(outside: Path) -> None:
    files = HostFiles(str(outside))
    handle = files.open(b"deep/file", UPDATE)
    assert errno_of(lambda: files.write(handle, MAX_FILE_SIZE, b"x")) == "EFBIG"
    os.truncate(outside / "deep/file", MAX_FILE_SIZE + 1)
    assert errno_of(lambda: files.length(handle)) == "EFBIG"


def test_a_file_in_memory_does_not_grow_by_a_seek() -> None:
    files = ScriptedFiles({b"a": b"mine"})
    handle = files.open(b"a", UPDATE)
    for offset in (MAX_SCRIPTED_SIZE, MAX_FILE_SIZE):
        assert errno_of(lambda offset=offset: files.write(handle, offset, b"x")) == "EFBIG"
    assert content(files, b"a") == b"mine"


def test_nothing_stays_open_but_what_was_opened(outside: Path) -> None:
    files = HostFiles(str(outside))
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None
    for path in (b"deep/file", b"link", b"up/secret", b"deep", b"deep/none"):
        try:
            files.close(files.open(path, READ))
        except OSError:
            continue
    files.rename(b"deep/file", b"file")
    if before is not None:
        assert len(os.listdir("/proc/self/fd")) <= before


def test_files_that_nobody_knows_any_more_are_closed(tmp_path: Path) -> None:
    """However many worlds a program makes."""
    (tmp_path / "file").touch()
    gc.collect()  # those of other tests
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(50):
        files = HostFiles(str(tmp_path))
        files.open(b"file", OpenMode.READ)
        files.open(b"file", OpenMode.READ)
    del files
    HostFiles()
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before
