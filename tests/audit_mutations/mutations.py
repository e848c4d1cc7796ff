"""What somebody may do to an export, or to the log before it is exported. Each is made from a seed.

Those in `WITH_THE_KEY` need the log's private key, and `ROLLED_BACK` an export that was true once: they are whole logs,
rightly signed, which nobody can tell from the true one who has not seen that. A verifier finds them by what a witness
has kept, and without one it must not: that it says of each is part of the test.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clinic.audit.canonical import draft, numbered
from tests.audit_mutations.forging import OTHER, Export, exported, head_over
from tests.clinic.audit.made_up import signer, various

SIZES = (40, 90, 130)
"""Of the log, each time that somebody exported it and a witness signed it. The last is how it is now."""
PART = (17, 101)

WITH_THE_KEY = ("rewritten", "fork", "fork and shorter", "fork and longer", "forgotten", "added in the past")
ROLLED_BACK = ("rolled back", "rolled back to a part")
UNSEEN_ALONE = (*WITH_THE_KEY, *ROLLED_BACK)


@dataclass(frozen=True)
class Truth:
    """How the log is, and was."""

    bodies: tuple[str, ...]
    whole: Export
    part: Export
    older: tuple[Export, ...]
    witnessed: str
    """The newest head that the witness has signed."""


def true_log(seed: int) -> Truth:
    events = various(SIZES[-1], seed)
    bodies = tuple(numbered(draft(each), number) for number, each in enumerate(events))
    whole = exported(bodies, signer(), witnessed=SIZES)
    older = tuple(exported(bodies[:size], signer(), witnessed=SIZES[:1]) for size in SIZES[:-1])
    part = exported(bodies, signer(), *PART, witnessed=SIZES[1:])
    return Truth(bodies, whole, part, older, str(whole.witnessed[-1]["witnessed"]))


@dataclass(frozen=True)
class Mutation:
    kind: str
    lines: list[bytes]


def mutated(true: Truth, seed: int) -> Mutation:
    """One of all kinds, alike often."""
    kind = list(MUTATIONS)[seed % len(MUTATIONS)]
    dice = random.Random(seed)
    for _ in range(100):
        base = dice.choice((true.whole, true.part))
        found = MUTATIONS[kind](true, base, dice)
        lines = found.lines() if isinstance(found, Export) else found
        if lines not in (true.whole.lines(), true.part.lines()):
            return Mutation(kind, lines)
    raise AssertionError(f"seed {seed}: nothing was changed by {kind}")


# Events of an export are changed --------------------------------------------------------------------------------------


def edit(true: Truth, base: Export, dice: random.Random) -> Export:
    """One field of one event, written as the log would write it."""
    place = dice.randrange(len(base.events))
    return _with_event(base, place, _edited(base.events[place], dice))


def edit_bytes(true: Truth, base: Export, dice: random.Random) -> list[bytes]:
    lines = base.lines()
    place = dice.randrange(1, len(base.events) + 1)
    line = bytearray(lines[place])
    line[dice.randrange(len(line) - 1)] = dice.choice(range(32, 127))
    lines[place] = bytes(line)
    return lines


def rewrite_freely(true: Truth, base: Export, dice: random.Random) -> Export:
    """The same words in another way: spaces, escapes, another order of fields."""
    place = dice.randrange(len(base.events))
    told = json.loads(base.events[place])
    way = dice.randrange(3)
    if way == 0:
        changed = json.dumps(told)
    elif way == 1:
        changed = json.dumps(dict(reversed(told.items())), separators=(",", ":"))
    else:
        changed = base.events[place].replace("a", "\\u0061", 1)
    return _with_event(base, place, changed)


def delete(true: Truth, base: Export, dice: random.Random) -> Export:
    events = list(base.events)
    first = dice.randrange(len(events))
    del events[first : first + dice.choice((1, 1, 2, 10))]
    return _as_if_whole(replace(base, events=tuple(events)), dice)


def delete_and_number_anew(true: Truth, base: Export, dice: random.Random) -> Export:
    events = list(base.events)
    del events[dice.randrange(len(events))]
    return _as_if_whole(replace(base, events=_numbered(events, base.start["first"])), dice)


def insert(true: Truth, base: Export, dice: random.Random) -> Export:
    events = list(base.events)
    events.insert(dice.randrange(len(events) + 1), _edited(dice.choice(events), dice))
    if dice.random() < 0.5:
        events = list(_numbered(events, base.start["first"]))
    return _as_if_whole(replace(base, events=tuple(events)), dice)


def reorder(true: Truth, base: Export, dice: random.Random) -> Export:
    events = list(base.events)
    first = dice.randrange(len(events) - 1)
    last = min(len(events), first + dice.choice((2, 2, 5, 20)))
    window = events[first:last]
    dice.shuffle(window)
    events[first:last] = window
    if dice.random() < 0.5:
        events = list(_numbered(events, base.start["first"]))
    return replace(base, events=tuple(events))


def repeat(true: Truth, base: Export, dice: random.Random) -> Export:
    events = list(base.events)
    place = dice.randrange(len(events))
    events.insert(place, events[place])
    return _as_if_whole(replace(base, events=tuple(events)), dice)


def truncate(true: Truth, base: Export, dice: random.Random) -> Export:
    """The last events are left out, and the beginning of the file says what it said, or less."""
    count = dice.randrange(1, len(base.events))
    changed = replace(base, events=base.events[:-count])
    last = base.start["last"] - count
    return dice.choice(
        (
            changed,
            changed.with_start(last=last),
            changed.with_start(last=last, size=last),
            changed.with_start(last=last, size=last, right=[]),
        )
    )


def truncate_bytes(true: Truth, base: Export, dice: random.Random) -> list[bytes]:
    """The file ends before its signed head does."""
    whole = b"".join(base.lines())
    until = len(b"".join(base.lines()[: len(base.events) + 2]))
    return whole[: dice.randrange(until)].splitlines(keepends=True)


def leave_out_the_first(true: Truth, base: Export, dice: random.Random) -> Export:
    count = dice.randrange(1, len(base.events))
    changed = replace(base, events=base.events[count:])
    first = base.start["first"] + count
    return dice.choice((changed, changed.with_start(first=first), changed.with_start(first=0)))


# What is signed, and what stands around it ----------------------------------------------------------------------------


def forged_head(true: Truth, base: Export, dice: random.Random) -> Export:
    """A head that the log's key did not sign."""
    lines = base.head.split("\n")
    way = dice.randrange(5)
    if way == 0:
        lines[1] = str(int(lines[1]) + dice.choice((-5, -1, 1, 100)))
        return replace(base, head="\n".join(lines)).with_start(size=int(lines[1]))
    if way == 1:
        lines[2] = base64.b64encode(dice.randbytes(32)).decode()
    elif way == 2:
        signature = bytearray(base64.b64decode(lines[4].split(" ")[2]))
        signature[dice.randrange(len(signature))] ^= 1 << dice.randrange(8)
        lines[4] = f"— {signer().name} {base64.b64encode(signature).decode()}"
    elif way == 3:
        lines[0] += dice.choice((".", "x", "/2"))
    else:
        lines[4] = OTHER.sign("\n".join(lines[:3]) + "\n")[:-1]
    return replace(base, head="\n".join(lines))


def forged_by_another_key(true: Truth, base: Export, dice: random.Random) -> Export:
    """A whole log of somebody's own, under the true log's name."""
    bodies = list(true.bodies)
    place = dice.randrange(len(bodies))
    bodies[place] = _edited(bodies[place], dice)
    changed = exported(bodies, OTHER)
    return changed if dice.random() < 0.5 else changed.with_start(key=str(signer().public))


def head_of_another_time(true: Truth, base: Export, dice: random.Random) -> Export:
    """A true head, over other events than these."""
    older = dice.choice(true.older)
    changed = replace(base, head=older.head)
    return changed if dice.random() < 0.5 else changed.with_start(size=older.start["size"])


def without_a_head(true: Truth, base: Export, dice: random.Random) -> list[bytes]:
    lines = base.lines()
    del lines[len(base.events) + 1]
    return lines


def another_beginning(true: Truth, base: Export, dice: random.Random) -> Export:
    field = dice.choice(("first", "last", "size", "left", "right", "origin", "key", "audit_export"))
    value: Any = base.start[field]
    if isinstance(value, int):
        return base.with_start(**{field: value + dice.choice((-1, 1, 7))})
    if isinstance(value, list):
        other = base64.b64encode(dice.randbytes(32)).decode()
        return base.with_start(**{field: [*value[:-1], other] if dice.random() < 0.5 else [*value, other]})
    return base.with_start(**{field: str(OTHER.public) if field == "key" else f"{value}x"})


def witnessed_by_nobody(true: Truth, base: Export, dice: random.Random) -> Export:
    """A witnessed head in the file is changed, or is another log's."""
    witnessed = [dict(each) for each in base.witnessed]
    place = dice.randrange(len(witnessed))
    told = witnessed[place]
    way = dice.randrange(3)
    if way == 0:
        lines = told["witnessed"].split("\n")
        lines[dice.choice((1, 2))] = dice.choice(("7", base64.b64encode(dice.randbytes(32)).decode()))
        told["witnessed"] = "\n".join(lines)
    elif way == 1:
        told["consistency"] = [*told["consistency"], base64.b64encode(dice.randbytes(32)).decode()]
    else:
        bodies = list(true.bodies[: SIZES[0]])
        bodies[dice.randrange(len(bodies))] = _edited(dice.choice(bodies), dice)
        told["witnessed"] = head_over(bodies, signer())
    return replace(base, witnessed=tuple(witnessed))


def something_more(true: Truth, base: Export, dice: random.Random) -> list[bytes]:
    lines = base.lines()
    place = dice.randrange(len(lines) + 1)
    lines.insert(place, dice.choice((b"\n", b"{}\n", b"null\n", b'{"head":1}\n', b"[[]]\n", b"\xff\n", lines[0])))
    return lines


# Whole logs that are rightly signed -----------------------------------------------------------------------------------


def rolled_back(true: Truth, base: Export, dice: random.Random) -> Export:
    return dice.choice(true.older)


def rolled_back_to_a_part(true: Truth, base: Export, dice: random.Random) -> Export:
    size = dice.choice(SIZES[:-1])
    first = dice.randrange(size)
    return exported(true.bodies[:size], signer(), first, dice.randrange(first, size) + 1)


def rewritten(true: Truth, base: Export, dice: random.Random) -> Export:
    bodies = list(true.bodies)
    for _ in range(dice.choice((1, 1, 3))):
        place = dice.randrange(len(bodies))
        bodies[place] = _edited(bodies[place], dice)
    return exported(bodies, signer())


def fork(true: Truth, base: Export, dice: random.Random) -> Export:
    """All is as it was up to some event, and from there on something else happened."""
    return _forked(true, dice, len(true.bodies))


def fork_and_shorter(true: Truth, base: Export, dice: random.Random) -> Export:
    return _forked(true, dice, dice.randrange(2, len(true.bodies)))


def fork_and_longer(true: Truth, base: Export, dice: random.Random) -> Export:
    return _forked(true, dice, len(true.bodies) + dice.randrange(1, 50))


def forgotten(true: Truth, base: Export, dice: random.Random) -> Export:
    bodies = list(true.bodies)
    del bodies[dice.randrange(len(bodies))]
    return exported(_numbered(bodies, 0), signer())


def added_in_the_past(true: Truth, base: Export, dice: random.Random) -> Export:
    bodies = list(true.bodies)
    bodies.insert(dice.randrange(len(bodies)), _edited(dice.choice(bodies), dice))
    return exported(_numbered(bodies, 0), signer())


Change = Callable[[Truth, Export, random.Random], "Export | list[bytes]"]

MUTATIONS: dict[str, Change] = {
    "edit": edit,
    "edit bytes": edit_bytes,
    "rewrite freely": rewrite_freely,
    "delete": delete,
    "delete and number anew": delete_and_number_anew,
    "insert": insert,
    "reorder": reorder,
    "repeat": repeat,
    "truncate": truncate,
    "truncate bytes": truncate_bytes,
    "leave out the first": leave_out_the_first,
    "forged head": forged_head,
    "forged by another key": forged_by_another_key,
    "head of another time": head_of_another_time,
    "without a head": without_a_head,
    "another beginning": another_beginning,
    "witnessed by nobody": witnessed_by_nobody,
    "something more": something_more,
    "rolled back": rolled_back,
    "rolled back to a part": rolled_back_to_a_part,
    "rewritten": rewritten,
    "fork": fork,
    "fork and shorter": fork_and_shorter,
    "fork and longer": fork_and_longer,
    "forgotten": forgotten,
    "added in the past": added_in_the_past,
}


def _edited(body: str, dice: random.Random) -> str:
    told = json.loads(body)
    field = dice.choice(("at", "kind", "actor", "session", "patient", "subject", "details"))
    if field == "at":
        told["at"] += dice.choice((-1, 1, 1000, 3_600_000))
    elif field == "details":
        told["details"] = {"count": dice.randrange(1000, 2000)}
    elif field == "kind":
        told["kind"] = "call.join" if told["kind"] != "call.join" else "call.leave"
    else:
        told[field] = f"{told.get(field, '')}-{dice.randrange(1000)}"
    return _written(told)


def _written(told: dict[str, Any]) -> str:
    order = ("seq", "at", "kind", "actor_kind", "actor", "session", "patient", "subject", "details")
    return json.dumps({name: told[name] for name in order if name in told}, separators=(",", ":"))


def _numbered(events: Sequence[str], first: int) -> tuple[str, ...]:
    return tuple(_written(json.loads(each) | {"seq": number}) for number, each in enumerate(events, first))


def _with_event(base: Export, place: int, event: str) -> Export:
    return replace(base, events=(*base.events[:place], event, *base.events[place + 1 :]))


def _as_if_whole(changed: Export, dice: random.Random) -> Export:
    """Perhaps the beginning of the file says how many events there are now."""
    if dice.random() < 0.5:
        return changed
    last = changed.start["first"] + len(changed.events)
    grown = last - changed.start["last"]
    return changed.with_start(last=last, size=changed.start["size"] + grown)


def _forked(true: Truth, dice: random.Random, size: int) -> Export:
    since = dice.randrange(min(size, SIZES[-1]))
    others = [numbered(draft(each), 0) for each in various(size - since, dice.randrange(1 << 30))]
    return exported((*true.bodies[:since], *_numbered(others, since)), signer())
