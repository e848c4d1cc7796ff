"""Another reader of our files: the system's ffprobe, which is not the library that wrote them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def complaints(folder: Path, recorded: bytes) -> str:
    """What ffprobe warns of when it reads and decodes all of a file."""
    program = shutil.which("ffprobe")
    if program is None:
        pytest.fail("ffprobe is missing. On Debian or Ubuntu:   sudo apt-get install ffmpeg")
    file = folder / "probed.mkv"
    file.write_bytes(recorded)
    done = subprocess.run(
        [program, "-v", "warning", "-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "csv", str(file)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stderr if done.returncode == 0 else f"{done.stderr} exit code {done.returncode}"
