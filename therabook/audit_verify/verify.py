"""Whether an export is what the log's key, and perhaps a witness, have signed.

Everything that is amiss is one problem or more; none at all means: these events, in this order, are exactly those over
which the head was signed. What a verifier cannot see is said in docs/audit-log.md.
Not here: reading files and printing (`command.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from therabook.audit_verify.hashes import Growing, Wrong, check_consistency, heights, leaf, root_of_path
from therabook.audit_verify.heads import Head, Key, read_head, read_key
from therabook.audit_verify.lines import Start, hashes, read_event, read_object, read_start

MOST = 20
"""Problems that are told, and remarks; whoever has found so many knows enough."""


@dataclass
class Report:
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """What is no problem, and good to know."""
    origin: str = ""
    key: str = ""
    """The key that the head was checked with."""
    first: int = 0
    last: int = 0
    size: int = 0
    """Events of the whole log, of which these are from `first` up to and without `last`."""
    root: str = ""
    since: int | None = None
    until: int | None = None
    """Milliseconds since 1970 of the first and the last event."""
    witnessed: list[int] = field(default_factory=list)
    """Sizes of heads of witnesses that this log goes on from, or is."""

    @property
    def sound(self) -> bool:
        return not self.problems


class Stop(Exception):
    """Nothing after this could be judged."""


class Verifier:
    """One export, or one proof."""

    def __init__(self, key: str | None = None, witnessed: Sequence[str] = (), witness_keys: Sequence[str] = ()) -> None:
        """`key`: the log's, as somebody other than the file said it. `witnessed`: heads as a witness has kept them.
        `witness_keys`: those that must have signed them. Raises Wrong for what is none of these."""
        self._key = read_key(key) if key is not None else None
        self._witness_keys = [read_key(each) for each in witness_keys]
        self._heads = [read_head(each) for each in witnessed]
        self._asked_witness = bool(witnessed)
        self.report = Report()

    def read(self, lines: Iterable[bytes]) -> Report:
        """Lines with their ends."""
        try:
            self._read(_ended(lines))
        except Wrong as wrong:
            self.report.problems.append(str(wrong))
        except Stop:
            pass
        return self.report

    def _read(self, lines: Iterator[bytes]) -> None:
        first = next(lines, None)
        if first is None:
            raise Wrong("there is nothing in this file")
        told = read_object(first)
        if "audit_proof" in told:
            self._proof(told)
            if next(lines, None) is not None:
                raise Wrong("something stands behind the proof")
            return
        start = read_start(told)
        report = self.report
        report.origin, report.first, report.last, report.size = start.origin, start.first, start.last, start.size
        self._trust(start.origin, start.key)
        tree, roots = self._events(start, lines)
        head = self._head(start, lines, tree.root())
        self._inside(lines, head)
        self._outside(head, roots)

    # Events ----------------------------------------------------------------------------------------------------------

    def _events(self, start: Start, lines: Iterator[bytes]) -> tuple[Growing, dict[int, bytes]]:
        """The tree, and its roots where witnesses have signed it."""
        tree, wanted = Growing(), {each.size for each in self._heads}
        for height, root in zip(heights(0, start.first), start.left, strict=True):
            tree.add(height, root)
        roots = {tree.size: tree.root()}
        before = 0
        for seq in range(start.first, start.last):
            line = next(lines, None)
            if line is None:
                raise Wrong(f"the file ends before event {seq}, and {start.last} were promised")
            event = self._event(line, seq)
            if event < before and len(self.report.remarks) < MOST:
                self.report.remarks.append(f"the clock was set back before event {seq}")
            before = event
            tree.add(0, leaf(line))
            if tree.size in wanted:
                roots[tree.size] = tree.root()
        for height, root in zip(heights(start.last, start.size), start.right, strict=True):
            tree.add(height, root)
        roots[tree.size] = tree.root()
        return tree, roots

    def _event(self, line: bytes, seq: int) -> int:
        try:
            event = read_event(line, read_object(line))
        except Wrong as wrong:
            self._problem(f"event {seq}: {wrong}")
            return self.report.until or 0
        if event.seq != seq:
            self._problem(f"event {event.seq} stands where {seq} should")
        if self.report.since is None:
            self.report.since = event.at
        self.report.until = event.at
        return event.at

    # Heads -----------------------------------------------------------------------------------------------------------

    def _head(self, start: Start, lines: Iterator[bytes], root: bytes) -> Head:
        line = next(lines, None)
        if line is None:
            raise Wrong("there is no signed head behind the events")
        told = read_object(line)
        if set(told) != {"head"}:
            raise Wrong("something else than the signed head stands behind the events")
        head = read_head(told["head"])
        self._signed(head)
        if head.size != start.size:
            self._problem(f"the signed head is over {head.size} events, and the file says {start.size}")
        elif head.root != root:
            self._problem("the events are not those that the head was signed over")
        self.report.root = head.root.hex()
        return head

    def _inside(self, lines: Iterator[bytes], head: Head) -> None:
        """Witnessed heads that the log itself has kept."""
        for line in lines:
            told = read_object(line)
            if set(told) != {"witnessed", "consistency"}:
                raise Wrong("something else than witnessed heads stands behind the signed head")
            older = read_head(told["witnessed"])
            self._signed(older)
            self._cosigned(older)
            self._goes_on(older, head, hashes(told["consistency"]))

    def _outside(self, head: Head, roots: dict[int, bytes]) -> None:
        """Those that somebody else has kept."""
        if not self._asked_witness:
            return
        known = [each for each in self._heads if each.origin == head.origin]
        if not known:
            self._problem("the witness knows nothing of this log")
        for each in known:
            self._signed(each)
            self._cosigned(each)
            if each.size > head.size:
                self._problem(f"the witness has seen {each.size} events, and this file's head is over {head.size}")
            elif each.size not in roots:
                self._problem(
                    f"the witness has signed a head over {each.size} events, and this part of the log does not show "
                    "whether it is the same log: export all of it"
                )
            elif each.root != roots[each.size]:
                self._problem(f"another log was shown to the witness: its first {each.size} events were others")
            else:
                self.report.witnessed.append(each.size)

    def _goes_on(self, older: Head, head: Head, proof: list[bytes]) -> None:
        try:
            if older.size == head.size:
                if older.root != head.root or proof:
                    raise Wrong("it is another log")
            else:
                check_consistency(older.size, older.root, head.size, head.root, proof)
        except Wrong:
            self._problem(f"the head does not go on from the witnessed one over {older.size} events")
        else:
            self.report.witnessed.append(older.size)

    def _signed(self, head: Head) -> None:
        if self._key is None or not head.signed_by(self._key):
            self._problem(f"the head over {head.size} events is not signed by the log's key")
        elif head.origin != self._key.name:
            self._problem(f"the head over {head.size} events is that of another log")

    def _cosigned(self, head: Head) -> None:
        if self._witness_keys and not any(head.signed_by(each) for each in self._witness_keys):
            self._problem(f"the witnessed head over {head.size} events is not signed by the witness")

    # Proofs ----------------------------------------------------------------------------------------------------------

    def _proof(self, told: dict[str, Any]) -> None:
        if told.get("audit_proof") != 1 or set(told) != {"audit_proof", "key", "event", "path", "head"}:
            raise Wrong("this is no proof of this version")
        if not isinstance(told["event"], str) or not isinstance(told["key"], str):
            raise Wrong("a proof without an event and a key")
        head = read_head(told["head"])
        body = told["event"].encode()
        event = read_event(body, read_object(body))
        self.report.origin, self.report.size, self.report.root = head.origin, head.size, head.root.hex()
        self.report.first, self.report.last = event.seq, event.seq + 1
        self.report.since = self.report.until = event.at
        self._trust(head.origin, told["key"])
        self._signed(head)
        if root_of_path(event.seq, head.size, leaf(body), hashes(told["path"])) != head.root:
            self._problem("the path does not lead from the event to the head")
        self._outside(head, {head.size: head.root})

    def _trust(self, origin: str, told: str) -> None:
        """The key that counts: the one that was brought along, else the file's own."""
        own = read_key(told)
        if own.name != origin:
            self._problem("the file's key is that of another log")
        if self._key is None:
            self._key = own
            self.report.remarks.append(
                "the key is the one that the file itself names: get it from the clinic in another way (--key)"
            )
        elif self._key != own:
            self._problem("the file names another key than the one that was expected")
        self.report.key = _written(self._key, told)

    def _problem(self, what: str) -> None:
        self.report.problems.append(what)
        if len(self.report.problems) >= MOST:
            raise Stop


def _written(key: Key, told: str) -> str:
    return told if read_key(told) == key else f"{key.name}+{key.hash().hex()}"


def _ended(lines: Iterable[bytes]) -> Iterator[bytes]:
    for line in lines:
        if not line.endswith(b"\n"):
            raise Wrong("the file ends in the middle of a line")
        yield line[:-1]
