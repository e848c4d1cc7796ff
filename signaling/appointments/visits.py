"""Visits: what somebody who holds a link may do with it. They look, check in, and get a token for their session.

A link is bound to its appointment, to one person, and to the time around it. The first device that opens it within that
time is the one it works on (its cookie holds 256 bits of chance, of which the database has the hash); a glance before
that binds nothing, so that a mail scanner which follows links a day early shuts nobody out. Whoever guesses is counted
by address before anything is looked up. Not here: how links are made (`passes.py`) and end (`desk.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiohttp import web
from pydantic import BaseModel

from clinic import Consents, Unknown
from clinic.appointments.checkins import CheckIns
from clinic.appointments.records import Appointment, CheckIn, Guest, Link, TelehealthConsent, Whole
from signaling.appointments import telehealth
from signaling.appointments.attendance import identity_of
from signaling.appointments.desk import Desk
from signaling.appointments.faults import asking
from signaling.appointments.passes import digest, looks_like_a_link
from signaling.appointments.rules import Stage
from signaling.appointments.visit_messages import (
    CheckInRequest,
    Questions,
    TextAnswer,
    VisitAnswer,
    VisitJoinAnswer,
    VisitRequest,
)
from signaling.bodies import read_json
from signaling.headers import LOCALHOST, Network, bare_host, client_address, from_own_page
from signaling.limits import Limiter, address_key
from signaling.recording_rules import ConsentPolicy, Rule, Words
from signaling.refusals import Refused
from signaling.roles import Role
from signaling.seat import readable_name
from signaling.tokens import JoinClaims, Tokens

COOKIE = "therabook-visit"
COOKIE_AGE = 180 * 86_400
"""Seconds for which a browser keeps it: it says that it is the same device, and nothing else."""

_DEVICE = re.compile(r"[A-Za-z0-9_-]{43}")

LONGEST_NAME = 60
"""Characters that a token's name has at most."""

TOKEN_LIFETIME = 15 * 60
"""Seconds within which a token leads into the session: time to try the camera. Whoever was in comes back without it,
and the link gives another."""

PAGES: dict[Role, str] = {
    "therapist": "/video-call/therapy",
    "patient": "/video-call/secure-therapy",
    "interpreter": "/video-call/secure-therapy",
    "observer": "/video-call/secure-therapy",
}

STAGE_REFUSALS: dict[Stage, str] = {
    "early": "visit_early",
    "over": "visit_over",
    "cancelled": "visit_cancelled",
    "moved": "visit_moved",
    "elsewhere": "link_elsewhere",
}


@dataclass(frozen=True)
class _Visitor:
    link: Link
    whole: Whole
    guest: Guest
    stage: Stage

    @property
    def appointment(self) -> Appointment:
        return self.whole.appointment


class Visits:
    def __init__(
        self,
        desk: Desk,
        *,
        checkins: CheckIns,
        consents: Consents,
        tokens: Tokens,
        limit: Limiter,
        proxies: Sequence[Network],
        new_secret: Callable[[], str],
        words: Words = telehealth.WORDS,
        policy: ConsentPolicy | None = None,
        checked_in: Callable[[str, str, Rule], None] = lambda session, identity, rule: None,
    ) -> None:
        """`limit`: requests with links from one address. `policy`: for recordings; its places are offered.
        `checked_in` is told the rule where somebody of a session says to be."""
        self._desk = desk
        self._checkins = checkins
        self._consents = consents
        self._tokens = tokens
        self._limit = limit
        self._proxies = proxies
        self._new_secret = new_secret
        self._words = words
        self._policy = policy or ConsentPolicy()
        self._checked_in = checked_in

    # What the page asks ---------------------------------------------------------------------------------------------

    async def open(self, request: web.Request) -> web.Response:
        self._check_page(request)
        asked = await read_json(request, VisitRequest)
        visitor = await self._visitor(asked.link)
        response = web.Response(content_type="application/json", charset="utf-8")
        if visitor.stage == "open":
            device = self._device(request) or self._new_secret()
            visitor = await self._bound(visitor, device)
            if visitor.stage == "open":
                self._set_device(request, response, device)
        if visitor.stage == "elsewhere":
            self._tell(visitor, "link.refuse", code="link_elsewhere")
        response.text = (await self._answer(visitor)).model_dump_json()
        return response

    async def check_in(self, request: web.Request) -> web.Response:
        self._check_page(request)
        asked = await read_json(request, CheckInRequest)
        visitor = await self._let_in(request, asked.link)
        if not self._desk.rules.asks(visitor.guest.relation):
            raise Refused("not_asked_here")
        questions = self._questions(visitor.guest)
        if asked.text_version != self._words.version:
            raise Refused("consent_outdated")
        missing = [
            name
            for name, value in (("place", asked.place), ("phone", asked.phone))
            if value is None and getattr(questions, name) == "needed"
        ]
        if missing:
            raise Refused("checkin_incomplete", f"{missing[0]}: this is needed.")
        await self._keep(visitor, asked)
        return web.json_response(text=(await self._answer(visitor)).model_dump_json())

    async def join(self, request: web.Request) -> web.Response:
        self._check_page(request)
        asked = await read_json(request, VisitRequest)
        visitor = await self._let_in(request, asked.link)
        guest, appointment = visitor.guest, visitor.appointment
        said = await self._said(visitor)
        if said is None and self._desk.rules.asks(guest.relation):
            raise Refused("checkin_needed")
        now = self._desk.clock.wall()
        expires = int(min(now + TOKEN_LIFETIME, self._desk.rules.closes_at(appointment)))
        name = str(said["called"]) if said is not None else self._desk.people.contact(visitor.whole, guest).name
        claims = join_claims(
            self._desk, visitor.whole, visitor.link.id, identity_of(guest), as_role(guest), name, expires
        ).model_copy(update={"consent_rule": self._policy.rule_in_words(said["place"]) if said is not None else None})
        await self._record(visitor, "token.issue", role=guest.role)
        token = self._tokens.sign(claims, now)
        answer = VisitJoinAnswer(token=token, page=f"{PAGES[as_role(guest)]}#token={token}", expires_at=expires)
        return _json(answer)

    # Who it is --------------------------------------------------------------------------------------------------------

    def _check_page(self, request: web.Request) -> None:
        """Raises Refused: `wrong_origin`, `too_many_requests`."""
        if not from_own_page(request):
            raise Refused("wrong_origin")
        address = address_key(client_address(request, self._proxies))
        wait = self._limit.take(address, self._desk.clock.steady())
        if wait > 0:
            raise Refused("too_many_requests", retry_after=wait)

    async def _visitor(self, secret: str) -> _Visitor:
        """Raises Refused: `link_invalid`, for one that never was, was taken away or replaced alike."""
        found: tuple[Link, Whole] | None = None
        if looks_like_a_link(secret):
            with asking("link_invalid"):
                try:
                    found = await self._desk.links.find(digest(secret))
                except Unknown:
                    found = None
        if found is None:
            self._desk.audit.told("link.refuse", "link", "unknown", code="link_invalid")
            raise Refused("link_invalid")
        link, whole = found
        guest = next((each for each in whole.guests if each.id == link.guest_id), None)
        stage = self._desk.rules.stage(whole.appointment, link, self._desk.clock.wall())
        if guest is None or guest.left_out_at is not None or stage is None:
            who = identity_of(guest) if guest is not None else "unknown"
            self._desk.audit.told(
                "link.refuse", "link", who, session=whole.appointment.session, subject=link.id, code="link_invalid"
            )
            raise Refused("link_invalid")
        return _Visitor(link, whole, guest, stage)

    async def _bound(self, visitor: _Visitor, device: str) -> _Visitor:
        """As they stand on this device."""
        await self._record(visitor, "link.open")
        with asking("link_invalid"):
            good = await self._desk.links.bind(visitor.link.id, digest(device), self._desk.clock.wall())
        return visitor if good else _Visitor(visitor.link, visitor.whole, visitor.guest, "elsewhere")

    async def _let_in(self, request: web.Request, secret: str) -> _Visitor:
        """For what only the device may do that has opened it. Raises Refused."""
        visitor = await self._visitor(secret)
        code = STAGE_REFUSALS.get(visitor.stage)
        if code is None:
            device = self._device(request)
            with asking("link_invalid"):
                known = device is not None and await self._desk.links.knows(visitor.link.id, digest(device))
            code = None if known else "link_elsewhere"
        if code is not None:
            self._tell(visitor, "link.refuse", code=code)
            raise Refused(code)
        return visitor

    def _device(self, request: web.Request) -> str | None:
        given = request.cookies.get(_cookie_name(request), "")
        return given if _DEVICE.fullmatch(given) else None

    def _set_device(self, request: web.Request, response: web.Response, device: str) -> None:
        response.set_cookie(
            _cookie_name(request),
            device,
            max_age=COOKIE_AGE,
            path="/",
            httponly=True,
            samesite="Strict",
            secure=None if _plain(request) else True,
        )

    # What they are told -----------------------------------------------------------------------------------------------

    async def _answer(self, visitor: _Visitor) -> VisitAnswer:
        appointment, rules = visitor.appointment, self._desk.rules
        opened = visitor.stage == "open"
        whom = None
        if opened:
            with asking():
                whom = await self._desk.staff.name(appointment.therapist)
            whom = whom or self._desk.people.name_of_therapist(appointment)
        asks = opened and rules.asks(visitor.guest.relation)
        return VisitAnswer(
            stage=visitor.stage,
            now=self._desk.clock.wall(),
            starts_at=appointment.starts_at,
            minutes=appointment.minutes,
            zone=appointment.zone,
            opens_at=rules.opens_at(appointment),
            closes_at=rules.closes_at(appointment),
            whom=whom,
            relation=visitor.guest.relation if opened else None,
            questions=self._questions(visitor.guest) if asks else None,
            checked_in=asks and await self._said(visitor) is not None,
        )

    def _questions(self, guest: Guest) -> Questions:
        is_patient = guest.relation == "patient"
        return Questions(
            place="needed" if is_patient else "asked",
            phone="needed" if is_patient else "asked",
            emergency="asked" if is_patient else "no",
            places=list(self._policy.table),
            text=TextAnswer(version=self._words.version, title=self._words.title, body=self._words.body),
        )

    # Checking in ------------------------------------------------------------------------------------------------------

    async def _keep(self, visitor: _Visitor, asked: CheckInRequest) -> None:
        now = self._desk.clock.wall()
        guest, appointment = visitor.guest, visitor.appointment
        called = readable_name(asked.called)
        text = telehealth.as_kept(self._words, now)
        answers = {
            "called": called,
            "place": asked.place,
            "phone": asked.phone,
            "emergency_name": asked.emergency_name,
            "emergency_phone": asked.emergency_phone,
        }
        checkin = self._desk.new_id()
        sealed = self._desk.people.seal(json.dumps(answers, ensure_ascii=False), f"checkin/{checkin}")
        await self._record(visitor, "checkin.give", text=text.version)
        with asking():
            await self._consents.keep_text(text)
            await self._checkins.keep(
                CheckIn(checkin, appointment.id, guest.id, now, sealed),
                TelehealthConsent(
                    appointment.id, guest.id, guest.relation, guest.patient_id, text.version, text.sha256, now
                ),
            )
        self._checked_in(appointment.session, identity_of(guest), self._policy.rule_in_words(asked.place))

    async def _said(self, visitor: _Visitor) -> dict[str, str | None] | None:
        """Their last answers."""
        with asking():
            kept = await self._checkins.of_guest(visitor.guest.id, visitor.appointment.id)
        if kept is None:
            return None
        opened = self._desk.people.opened(kept.answers_sealed, f"checkin/{kept.id}")
        said: dict[str, str | None] | None = json.loads(opened) if opened is not None else None
        return said

    # The audit log ------------------------------------------------------------------------------------------------

    async def _record(self, visitor: _Visitor, kind: str, **details: str) -> None:
        await self._desk.audit.record(
            kind,
            "link",
            identity_of(visitor.guest),
            session=visitor.appointment.session,
            patient=visitor.guest.patient_id,
            subject=visitor.link.id,
            relation=visitor.guest.relation,
            **details,
        )

    def _tell(self, visitor: _Visitor, kind: str, **details: str) -> None:
        self._desk.audit.told(
            kind,
            "link",
            identity_of(visitor.guest),
            session=visitor.appointment.session,
            patient=visitor.guest.patient_id,
            subject=visitor.link.id,
            **details,
        )


def as_role(guest: Guest) -> Role:
    """Whatever stands in the database, nobody comes by a link as a therapist."""
    return "interpreter" if guest.role == "interpreter" else "observer" if guest.role == "observer" else "patient"


def join_claims(desk: Desk, whole: Whole, jti: str, who: str, role: Role, name: str | None, expires: int) -> JoinClaims:
    """For the session of an appointment: as many as are invited, and as long as its time. A name that nobody could read
    in a session is left out, so that the person types one."""
    appointment = whole.appointment
    return JoinClaims(
        jti=jti,
        exp=expires,
        room=appointment.session,
        sub=who,
        role=role,
        name=_shown(name),
        limit=min(12, max(2, len(whole.invited) + 1)),
        minutes=min(24 * 60, int(appointment.minutes + (desk.rules.opens + desk.rules.closes) / 60)),
    )


def _shown(name: str | None) -> str | None:
    try:
        return readable_name(name or "")[:LONGEST_NAME].strip() or None
    except Refused:
        return None


def _cookie_name(request: web.Request) -> str:
    """With TLS, one that no other host and no page without TLS can set."""
    return COOKIE if _plain(request) else f"__Host-{COOKIE}"


def _plain(request: web.Request) -> bool:
    return not request.secure and bare_host(request.host) in LOCALHOST


def _json(answer: BaseModel) -> web.Response:
    return web.json_response(text=answer.model_dump_json())
