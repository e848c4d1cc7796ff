"""The keys of one recording while it runs: on their way to the writer, and kept for one that has to be started again.

Only the newest of each person is kept, as long as it may be used, and overwritten then. Not here: who may give one
(`recorder.py`), what they open (`recording/opening.py`).
"""

from __future__ import annotations

from recording.e2ee import Secret
from recording.wire import ForgetKeys, UseKey
from recording.writer import Writer


class CaptureKeys:
    def __init__(self, writer: Writer, listener: int) -> None:
        self._writer = writer
        self._listener = listener
        self._kept: dict[int, tuple[int, Secret]] = {}
        """Key id and key, by the number of the person whose it is."""

    def use(self, number: int, key_id: int, key: Secret) -> None:
        self._overwrite(number)
        self._kept[number] = key_id, key
        self._writer.use_key(UseKey(self._listener, number, key_id, key))

    def use_again(self) -> None:
        """There is another writer."""
        for number, (key_id, key) in self._kept.items():
            self._writer.use_key(UseKey(self._listener, number, key_id, key))

    def forget(self, number: int | None) -> None:
        """Those of one person, or all, here and in the writer."""
        for each in [number] if number is not None else list(self._kept):
            self._overwrite(each)
        self._writer.order(ForgetKeys(self._listener, number))

    def __len__(self) -> int:
        return len(self._kept)

    def _overwrite(self, number: int) -> None:
        kept = self._kept.pop(number, None)
        if kept is not None:
            kept[1].overwrite()
