"""What every file of the project keeps to."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.sources import ROOT, name_of, web_files

LONGEST_LINE = 120
LONGEST_FILE = 450
"""Lines. Where a file grows past this, a noun inside it wants a file of its own."""

CODE = (".py", ".pyx", ".pxi", ".js", ".css")


def tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.fail(f"git cannot list the files: {listed.stderr}")
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_lines_fit_the_screen() -> None:
    found = [
        f"{name}:{number}"
        for name in tracked()
        if name.endswith((*CODE, ".html"))
        for number, line in enumerate((ROOT / name).read_text("utf-8").splitlines(), 1)
        if len(line) > LONGEST_LINE
    ]
    assert not found


def test_files_are_short() -> None:
    lengths = {name: len((ROOT / name).read_text("utf-8").splitlines()) for name in tracked() if name.endswith(CODE)}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_nothing_is_swallowed_or_left_undone() -> None:
    pattern = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b|except( Exception| BaseException)?: *(pass|\.\.\.)")
    found = [
        f"{name}:{number}"
        for name in tracked()
        if name.endswith((".py", ".pyx", ".pxi", ".js")) and name != name_of_this()
        for number, line in enumerate((ROOT / name).read_text("utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found


def test_every_module_says_what_it_does() -> None:
    silent = [
        name
        for name in tracked()
        if name.endswith((".py", ".pyx"))
        and not name.startswith("tests/")
        and not name.endswith("__init__.py")
        and '"""' not in (ROOT / name).read_text("utf-8")[:400]
    ]
    assert not silent


def test_pages_hold_no_script_or_style_of_their_own() -> None:
    """The Content-Security-Policy would refuse them."""
    for page in web_files(".html"):
        text = page.read_text("utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), name_of(page)
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text), name_of(page)


def test_the_client_makes_no_markup_from_strings() -> None:
    pattern = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function\(|\.cssText")
    found = [name_of(file) for file in web_files(".js") if pattern.search(file.read_text("utf-8"))]
    assert not found


def test_the_client_fetches_nothing_from_elsewhere() -> None:
    allowed = ("http://www.w3.org/", "https://www.w3.org/")
    found = [
        f"{name_of(file)}: {address}"
        for file in web_files(".js", ".html", ".css", ".svg")
        for address in re.findall(
            r"(?:https?:)?//[a-z0-9-]+\.[a-z0-9.-]+[^\s'\"]*", _without_comments(file.read_text("utf-8"))
        )
        if not address.startswith(allowed)
    ]
    assert not found


def name_of_this() -> str:
    return "tests/test_files.py"


def _without_comments(text: str) -> str:
    return re.sub(r"/\*[\s\S]*?\*/|^\s*//[^\n]*", "", text, flags=re.MULTILINE)
