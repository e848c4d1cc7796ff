"""What people agree to before they are seen by video, in the clinic's words.

Not here: consent to being recorded, which is another question (`recording_rules.py`), and what is kept of an answer.
"""

from __future__ import annotations

from clinic import ConsentText
from signaling.recording_rules import Words

WORDS = Words(
    title="Being seen by video",
    body="I agree to have this appointment by video.\n"
    "I know that I can ask to meet in another way, and that I can end the session at any time.\n"
    "Video can fail: then the practice calls the number that I have given. In an emergency I call the emergency "
    "number of the place where I am.",
)


def as_kept(words: Words, since: float) -> ConsentText:
    return ConsentText(version=words.version, title=words.title, body=words.body, since=since)
