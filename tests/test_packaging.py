"""What the program reads beside its code is installed with it."""

from __future__ import annotations

import subprocess
import tomllib
from fnmatch import fnmatch

from tests.sources import PACKAGES, ROOT

BUILT = (".py", ".pyx", ".pxi", ".pxd", ".h")
"""Installed as modules, or compiled into one."""


def test_every_file_that_is_no_module_is_named_as_data_of_its_package() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    data: dict[str, list[str]] = settings["package-data"]
    listed = subprocess.run(["git", "ls-files", *PACKAGES, "web"], cwd=ROOT, capture_output=True, text=True, check=True)
    missing = []
    for name in listed.stdout.splitlines():
        package, _, path = name.partition("/")
        patterns = data.get(package, []) + [f"*{each}" for each in data["*"]]
        # setuptools' ** stands for any folders, also none
        wanted = [pattern.replace("**/", "*") for pattern in patterns]
        if not name.endswith(BUILT) and not any(fnmatch(path, pattern) for pattern in wanted):
            missing.append(name)
    assert missing == []
