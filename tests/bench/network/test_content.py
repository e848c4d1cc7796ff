"""The film for cameras: as large as it says, moving, and made once."""

from __future__ import annotations

from pathlib import Path

from bench.network import content


def test_a_film_moves_and_is_full_of_detail(tmp_path: Path) -> None:
    path = content.film(tmp_path / "film.y4m", 64, 36)
    head, _, rest = path.read_bytes().partition(b"\n")
    assert head == b"YUV4MPEG2 W64 H36 F30:1 Ip A1:1 C420"
    size = 64 * 36 * 3 // 2 + len(b"FRAME\n")
    assert len(rest) == content.FRAMES * size
    pictures = [rest[at * size + 6 : at * size + 6 + 64 * 36] for at in range(content.FRAMES)]
    assert len(set(pictures)) == content.FRAMES
    differences = [abs(a - b) for a, b in zip(pictures[0], pictures[10], strict=True)]
    assert sum(differences) / len(differences) > 8
    made = path.stat().st_mtime_ns
    assert content.film(path, 64, 36).stat().st_mtime_ns == made
