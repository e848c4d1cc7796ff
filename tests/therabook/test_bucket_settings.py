"""The settings of a bucket: what is wrong with them is said at the start, and secrets never."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from therabook import recordings
from therabook.settings import BadSettings, load

SECRET = "a-secret-for-tests-that-nobody-may-print"
GOOD = {
    "recordings_bucket": "s3://clinic-recordings/video",
    "recordings_bucket_endpoint": "https://s3.example.org",
    "recordings_bucket_key_id": "AKIATESTS",
    "recordings_bucket_secret": SECRET,
}


def test_without_a_bucket_recordings_are_in_their_folder(tmp_path: Path) -> None:
    files = recordings.storage(load({"data_dir": tmp_path}, environment={}))
    assert (files.folder, files.bucket) == (tmp_path / "recordings", None)


def test_a_bucket_is_asked_nothing_at_the_start_and_hides_its_secret(tmp_path: Path) -> None:
    settings = load({"data_dir": tmp_path, **GOOD}, environment={})
    files = recordings.storage(settings)
    assert files.bucket is not None
    assert SECRET not in f"{settings} {settings!r} {files.bucket!r} {vars(files.bucket)}"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"recordings_bucket": "clinic-recordings"}, "s3://BUCKET"),
        ({"recordings_bucket_endpoint": "s3.example.org"}, "endpoint"),
        ({"recordings_bucket_secret": None}, "id and a secret"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, wrong: dict[str, Any], said: str) -> None:
    settings = load({"data_dir": tmp_path, **GOOD, **wrong}, environment={})
    with pytest.raises(BadSettings, match=said) as bad:
        recordings.storage(settings)
    assert SECRET not in str(bad.value)
