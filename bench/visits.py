"""People who come and go while others stay: sessions of their own, guests in sessions that stay, now and then by TCP;
they leave in every way there is, without a word too.

Not here: the calls that stay and what is measured of them (`soak.py`).
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from bench import harm
from bench.client import connect
from bench.description import Line
from bench.errors import Failed
from bench.session import CAMERA, PICTURE, Leaving, Session, connect_all
from bench.systems.ours import Ours, Person
from bench.traffic import Setting, Traffic

FIRST_NUMBER = 1_000_000
"""Of sessions; those that stay have smaller ones."""

GUEST_SSRC = 900_000_000
PACKETS_PER_S = 25
"""Of each camera."""

SHORTEST, LONGEST = 3.0, 12.0
"""Seconds that a visit takes."""

GUEST_EVERY = 3
TCP_EVERY = 5
FIRST_EXTRA = 4
"""The m-line of the slot in which a session that stays sees its guest."""


class Visits:
    """Some visitors, one visit after the other each, until `stop`."""

    def __init__(self, system: Ours, hosts: Sequence[Session], seed: int) -> None:
        """A visitor for each of `hosts`, whose guest they are now and then."""
        self._system = system
        self._chance = random.Random(seed)  # noqa: S311 - nothing secret
        self._stopping = threading.Event()
        self._changing = threading.Lock()
        self._number = 0
        self._counts: Counter[str] = Counter()
        self.reasons: list[str] = []
        self._threads = [threading.Thread(target=self._visit_again, args=(host,), daemon=True) for host in hosts]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Waits for the visits that are under way."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    @property
    def counts(self) -> dict[str, int]:
        """So far: `visits` begun, `joins` of people, `failed` visits, `harmed` calls, and packets `lost`."""
        with self._changing:
            return {name: self._counts[name] for name in ("visits", "joins", "failed", "harmed", "lost")}

    def _visit_again(self, host: Session) -> None:
        while not self._stopping.is_set():
            with self._changing:
                self._number += 1
                number = self._number
                seconds = self._chance.uniform(SHORTEST, LONGEST)
            try:
                self._visit(host, number, seconds)
            except Failed as reason:
                self._note(failed=1)
                self.reasons.append(f"visit {number}: {reason}")

    def _visit(self, host: Session, number: int, seconds: float) -> None:
        how = list(Leaving)[number % len(Leaving)]
        if number % GUEST_EVERY == 0:
            self._be_guest(host, number, seconds, how)
        elif number % TCP_EVERY == 0:
            self._come_by_tcp(number, seconds, how)
        else:
            self._have_a_session(number, seconds, how)

    def _have_a_session(self, number: int, seconds: float, how: Leaving) -> None:
        session = Session(self._system, FIRST_NUMBER + number)
        self._note(visits=1, joins=2)
        traffic = Traffic()
        try:
            connect_all([session])
            session.add_to(traffic)
            found = harm.of(traffic.run(Setting(2 * PACKETS_PER_S, seconds, spin=False)).calls)
            self._note(harmed=found.harmed, lost=found.packets_lost)
        finally:
            with suppress(Failed):  # what was wrong before is what is told
                session.leave(how)
            session.close()
            traffic.close()

    def _come_by_tcp(self, number: int, seconds: float, how: Leaving) -> None:
        session = Session(self._system, FIRST_NUMBER + number, tcp=True)
        self._note(visits=1, joins=2)
        try:
            connect_all([session])
            self._stopping.wait(seconds)
        finally:
            with suppress(Failed):
                session.leave(how)
            session.close()

    def _be_guest(self, host: Session, number: int, seconds: float, how: Leaving) -> None:
        lines = [Line("sendonly", "audio", GUEST_SSRC), Line("sendonly", ssrc=GUEST_SSRC + number)]
        guest = self._system.join([*lines, Line("recvonly", "audio"), Line("recvonly")], host.room)
        self._note(visits=1, joins=1)
        traffic = Traffic()
        try:
            connect([(guest.client, guest.remote)])
            self._system.wire(host.people[0], guest, PICTURE)
            self._system.wire(guest, host.people[0], FIRST_EXTRA)
            self._watch(guest, traffic, seconds)
        finally:
            with suppress(Failed):
                if how is Leaving.ASKED:
                    self._system.leave(guest)
            if how is Leaving.GOODBYE:
                guest.client.say_goodbye()
            guest.client.close()
            traffic.close()

    def _watch(self, guest: Person, traffic: Traffic, seconds: float) -> None:
        traffic.add_publisher(guest.sending(CAMERA))
        traffic.add_subscriber(guest.receiving(PICTURE), None)
        seen = traffic.run(Setting(PACKETS_PER_S, seconds, spin=False)).counts
        if not seen["others"] or seen["bad_auth"] or seen["bad_ssrc"]:
            raise Failed(f"a guest saw {seen['others']} packets, {seen['bad_auth'] + seen['bad_ssrc']} of them wrong")

    def _note(self, **by: int) -> None:
        with self._changing:
            self._counts.update(by)
