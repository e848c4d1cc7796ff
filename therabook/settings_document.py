"""Writes `docs/settings.md` from the settings. `python -m therabook.settings_document`; a test compares the two."""

from __future__ import annotations

from pathlib import Path

from therabook.settings import documented

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "settings.md"

HEADER = """\
# Settings

Made by `python -m therabook.settings_document` from `therabook/settings.py`; `therabook serve --help` says the same.

A setting `media_port` is the flag `--media-port`, the variable `THERABOOK_MEDIA_PORT`, and `media_port = ...` in the
TOML file that `--config` or `THERABOOK_CONFIG` names. A flag counts more than a variable, a variable more than the
file.
Settings without a flag are secrets: a command line can be read by every user of the machine.

| setting | flag | default | meaning |
| --- | --- | --- | --- |
"""


def document() -> str:
    return HEADER + "".join(
        f"| `{each.name}` | {_code(each.flag or '')} | {_code(each.default)} | {_cell(each.description)} |\n"
        for each in documented()
    )


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
