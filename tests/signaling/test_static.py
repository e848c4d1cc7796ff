"""The web client's files in memory."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from signaling.brand import Brand, contrast, style_sheet
from signaling.static import KEPT, Shelf, read_tree


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "js").mkdir()
    (tmp_path / "index.html").write_text('<script src="/static/__STATIC__/js/main.js"></script>')
    (tmp_path / "js" / "main.js").write_text("export {};\n" * 100)
    (tmp_path / "js" / "messages.d.ts").write_text("types")
    return tmp_path


def test_the_index_names_the_hash(folder: Path) -> None:
    tree = read_tree(folder)
    assert f"/static/{tree.hash}/js/main.js".encode() in tree.index
    assert set(tree.assets) == {"js/main.js"}
    assert tree.assets["js/main.js"].content_type == "text/javascript; charset=utf-8"


def test_a_changed_added_or_renamed_file_changes_the_hash(folder: Path) -> None:
    hashes = {read_tree(folder).hash}
    (folder / "js" / "main.js").write_text("export const changed = 1;\n")
    hashes.add(read_tree(folder).hash)
    (folder / "a.css").write_text("")
    hashes.add(read_tree(folder).hash)
    (folder / "a.css").rename(folder / "b.css")
    hashes.add(read_tree(folder).hash)
    assert len(hashes) == 4
    assert read_tree(folder).hash == read_tree(folder).hash


def test_texts_are_zipped_where_it_helps(folder: Path) -> None:
    (folder / "x.txt").write_text("x")
    tree = read_tree(folder)
    script = tree.assets["js/main.js"]
    assert script.gzipped is not None
    assert gzip.decompress(script.gzipped) == script.body
    assert tree.assets["x.txt"].gzipped is None


def test_hidden_files_links_and_unknown_kinds_are_left_out(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.txt"
    secret.write_text("secret")
    (folder / ".env.txt").write_text("secret")
    (folder / ".git").mkdir()
    (folder / ".git" / "config.txt").write_text("secret")
    (folder / "link.txt").symlink_to(secret)
    (folder / "key.pem").write_text("secret")
    assert set(read_tree(folder).assets) == {"js/main.js"}


def test_a_page_gets_all_its_files_from_the_tree_that_it_was_made_of(folder: Path) -> None:
    shelf = Shelf(lambda: read_tree(folder), reload=True)
    first = shelf.current().hash
    (folder / "js" / "main.js").write_text("changed")
    second = shelf.current().hash
    old, new = shelf.asset(first, "js/main.js"), shelf.asset(second, "js/main.js")
    assert old is not None
    assert new is not None
    assert old.body != new.body
    for number in range(KEPT):
        (folder / "js" / "main.js").write_text(f"changed {number}")
        shelf.current()
    assert shelf.asset(first, "js/main.js") is None


def test_without_reloading_the_files_are_those_of_the_start(folder: Path) -> None:
    shelf = Shelf(lambda: read_tree(folder), reload=False)
    first = shelf.current()
    (folder / "js" / "main.js").write_text("changed")
    assert shelf.current() is first


def test_a_folder_without_the_client_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no index\.html"):
        read_tree(tmp_path)


@pytest.mark.parametrize("color", ["#2f6f68", "#000000", "#ffffff", "#ffee00", "#ff0000", "#123456", "#808080"])
def test_any_brand_colour_gives_texts_that_can_be_read(color: str) -> None:
    lines = style_sheet(Brand("Clinic", color)).decode().splitlines()
    values = dict(line.strip(" ;").split(": ") for line in lines if line.startswith("  --"))

    def parsed(name: str) -> tuple[int, int, int]:
        red, green, blue = bytes.fromhex(values[name][1:])
        return red, green, blue

    assert contrast(parsed("--brand"), parsed("--on-brand")) >= 4.5
    assert contrast(parsed("--brand-on-light"), (255, 253, 250)) >= 4.5
    assert contrast(parsed("--brand-on-dark"), (32, 39, 38)) >= 4.5
