"""A session as it usually is: two people, each with microphone and camera, who see and hear each other.

Only the cameras send here: a sound's packets are a few among many, and the server does the same with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

from bench.client import connect
from bench.description import Line
from bench.systems.ours import Ours, Person
from bench.traffic import Traffic

MICROPHONE, CAMERA, SOUND, PICTURE = range(4)
"""Places of the m-lines in each one's offer: what is sent, and the slots."""


class Leaving(Enum):
    ASKED = "the signaling says so"
    GOODBYE = "close_notify"
    SILENT = "without a word"


class Session:
    """Joined, yet to connect. `number` tells its streams from others'."""

    def __init__(self, system: Ours, number: int, tcp: bool = False, slots: int = 0) -> None:
        """`slots`: more pictures that the first one has room for."""
        self._system = system
        self.room = f"session {number}"
        self.people: list[Person] = []
        for which in range(2):
            ssrc = 4 * number + 2 * which + 1
            lines = [Line("sendonly", "audio", ssrc), Line("sendonly", ssrc=ssrc + 1)]
            lines += [Line("recvonly", "audio"), Line("recvonly")]
            lines += [Line("recvonly")] * (0 if which else slots)
            self.people.append(system.join(lines, self.room, tcp))

    def wire(self) -> None:
        """Everybody sees and hears the other. Once they are connected."""
        one, other = self.people
        for publisher, subscriber in ((one, other), (other, one)):
            self._system.wire(publisher, subscriber, SOUND, "microphone")
            self._system.wire(publisher, subscriber, PICTURE)

    def add_to(self, traffic: Traffic) -> None:
        """Traffic is UDP's."""
        one, other = self.people
        sending = [person.sending(CAMERA) for person in self.people]
        for each in sending:
            traffic.add_publisher(each)
        traffic.add_subscriber(other.receiving(PICTURE), sending[0])
        traffic.add_subscriber(one.receiving(PICTURE), sending[1])

    def leave(self, how: Leaving) -> None:
        """Sockets are closed too, but for those that traffic has: they are closed with it."""
        for person in self.people:
            if how is Leaving.GOODBYE:
                person.client.say_goodbye()
            elif how is Leaving.ASKED:
                self._system.leave(person)

    def close(self) -> None:
        for person in self.people:
            person.client.close()


def open_sessions(system: Ours, numbers: Iterable[int], tcp_every: int = 0) -> list[Session]:
    """Joined, connected and wired. Each `tcp_every`-th gets through by TCP only; 0: none. Raises Failed."""
    sessions = [Session(system, number, bool(tcp_every) and number % tcp_every == 0) for number in numbers]
    connect_all(sessions)
    return sessions


def connect_all(sessions: Sequence[Session]) -> None:
    connect([(person.client, person.remote) for session in sessions for person in session.people])
    for session in sessions:
        session.wire()
