"""Settings are data, and what is written about them is compared with them."""

from __future__ import annotations

import re

import click

from tests.sources import ROOT
from therabook.cli import serve
from therabook.settings import documented
from therabook.settings_document import DOCUMENT, document


def test_the_document_is_that_of_the_settings() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "run: python -m therabook.settings_document"


def test_help_tells_of_every_setting() -> None:
    text = " ".join(serve.get_help(click.Context(serve, info_name="serve", max_content_width=200)).split())
    missing = [each.name for each in documented() if each.variable not in text]
    assert not missing


def test_every_setting_is_explained() -> None:
    assert [each.name for each in documented() if len(each.description) < 10] == []


def test_examples_use_only_settings_that_exist() -> None:
    known_variables = {each.variable for each in documented()} | {"THERABOOK_CONFIG"}
    known_flags = {flag for each in documented() if each.flag for flag in each.flag.split("/")} | {"--config", "--help"}
    deployed = [file for file in (ROOT / "deploy").rglob("*") if file.is_file()]
    files = [*deployed, *(ROOT / "docs").glob("*.md"), ROOT / "README.md"]
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert set(re.findall(r"\bTHERABOOK_[A-Z_]+", text)) <= known_variables, file.name
        served = re.findall(r"therabook serve ([^\n`]*)", text)
        flags = {flag for line in served for flag in re.findall(r"--[a-z-]+", line)}
        assert flags <= known_flags, file.name
