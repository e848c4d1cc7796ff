"""Whose minutes somebody sees who is really signed in, by role."""

from __future__ import annotations

from pathlib import Path

from clinic import open_database, sqlite_url
from clinic.usage.store import Usages
from signaling.usage.statement import verify
from tests.clinic.usage.made_up import START, whole
from tests.signaling.accounts.staff import KEY, Browser, a_member, a_practice

MONTH = "month=2027-01"


async def statuses(who: Browser) -> list[int]:
    paths = ("/sessions", "/sessions/two", f"/therapists?{MONTH}", f"/patients?{MONTH}", "/codes")
    found = [(await who.get(path, root="/api/usage")).status for path in paths]
    codes = {"rules": [{"code": "X1", "text": "Anything", "minutes_from": 1}]}
    return [*found, (await who.ask("PUT", "/codes", codes, root="/api/usage")).status]


async def test_each_role_gets_what_is_theirs(tmp_path: Path) -> None:
    async with a_practice(tmp_path) as (_, admin):
        therapist = await a_member(admin, "therapist")
        database = open_database(sqlite_url(tmp_path / "data" / "clinic.db"))
        own = whole("one", START, therapist=therapist.id)
        await Usages(database).keep([own, whole("two", START + 9_000, therapist="another")])
        await database.close()

        said = (await therapist.get("/sessions?therapist=another", root="/api/usage")).json
        assert [each["id"] for each in said["sessions"]] == ["one"]
        people = (await therapist.get(f"/therapists?{MONTH}", root="/api/usage")).json["people"]
        assert [each["who"] for each in people] == [therapist.id]
        assert await statuses(therapist) == [200, 404, 200, 403, 200, 403]
        stated = await therapist.get(f"/statement?{MONTH}", root="/api/usage")
        found = verify(stated.text.encode())
        assert found.sittings == 1
        assert found.audit_head, "it is anchored in the audit log"

        assert await statuses(await a_member(admin, "supervisor")) == [200, 200, 200, 200, 200, 403]
        assert await statuses(await a_member(admin, "auditor")) == [200, 200, 200, 200, 200, 403]
        assert await statuses(await a_member(admin, "front_desk")) == [403] * 6
        assert await statuses(admin) == [200] * 6


async def test_whoever_is_signed_in_reads_names_and_software_reads_ids(tmp_path: Path) -> None:
    async with a_practice(tmp_path) as (_, admin):
        therapist = await a_member(admin, "therapist")
        await admin.post(f"/accounts/{therapist.id}/change", {"name": "Theo Thorn"})
        database = open_database(sqlite_url(tmp_path / "data" / "clinic.db"))
        await Usages(database).keep([whole("one", START, therapist=therapist.id), whole("two", START + 9_000)])
        await database.close()
        paths = ("/sessions", f"/therapists?{MONTH}", "/sessions/one")
        for who in (admin, therapist):
            for path in paths:
                assert (await who.get(path, root="/api/usage")).json["names"] == {therapist.id: "Theo Thorn"}, path
        for path in paths:
            answer = await Browser(admin.server).get(path, root="/api/usage", headers=KEY)
            assert answer.status == 200
            assert answer.json["names"] == {}, path
        assert (await admin.get(f"/patients?{MONTH}", root="/api/usage")).json["names"] == {}
