"""Sittings are kept while they go on and found again, and sums are what one gets by adding up, on both databases."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text

from clinic import BadValue, Conflict, Database, Unknown
from clinic.usage.codes import CodeTables
from clinic.usage.kept import KeptUsage
from clinic.usage.records import CodeTable, Sum, Wanted, WholeSitting
from clinic.usage.store import Usages
from clinic.usage.sums import UsageSums
from clinic.usage.tables import ShareRow, SittingRow, SpanRow, SumRow
from tests.clinic.usage.made_up import START, random_sittings, whole

ALL = ("2000-01-01", "2999-12-31")


@pytest.fixture
def usages(database: Database) -> Usages:
    return Usages(database)


@pytest.fixture
def sums(database: Database) -> UsageSums:
    return UsageSums(database)


async def test_a_sitting_comes_back_as_it_was(usages: Usages) -> None:
    kept = whole(patients=("p1", "p2"), appointment="a1")
    await usages.keep([kept])
    assert await usages.get("s1") == kept
    with pytest.raises(Unknown):
        await usages.get("s2")


async def test_what_goes_on_is_written_again_with_what_is_new_of_it(usages: Usages, sums: UsageSums) -> None:
    first = whole(ended=False)
    longer = whole(two_way=3_500_000, gap=90_000, ended=False)
    await usages.keep([first])
    await usages.keep([replace(longer, spans=longer.spans[1:])])
    found = await usages.get("s1")
    assert found.sitting == longer.sitting
    assert found.spans == (first.spans[0], *longer.spans[1:])
    assert await sums.by_month("all", "", *ALL) == [], "it has not ended"
    assert await usages.unended() == [found]
    assert await usages.unended(before=START) == []


async def test_what_has_ended_is_summed_up_once_and_changes_no_more(usages: Usages, sums: UsageSums) -> None:
    ended = whole()
    for _ in range(3):
        await usages.keep([ended])
    await usages.keep([whole(two_way=9_000_000, ended=False)])
    assert await usages.get("s1") == ended
    assert await usages.unended() == []
    assert await sums.by_month("all", "", *ALL) == [Sum("", "2027-01", 1, 1, 3_060_000, 3_000_000, 2_000_000)]
    assert await sums.by_person("therapist", *ALL) == [Sum("t1", "", 1, 1, 3_060_000, 3_000_000, 2_000_000)]


async def test_two_servers_that_end_sittings_of_the_same_people_at_once_lose_none(
    database: Database, other: Database, sums: UsageSums
) -> None:
    stores = [Usages(database), Usages(other)]
    sittings = [whole(f"s{number}", START + number) for number in range(20)]
    await asyncio.gather(*(stores[number % 2].keep([each]) for number, each in enumerate(sittings)))
    [total] = await sums.by_month("all", "", *ALL)
    assert (total.sittings, total.two_way_ms) == (20, 60_000_000)


async def test_lists_are_in_order_and_their_pages_follow_one_another(usages: Usages) -> None:
    sittings = random_sittings(1, 60)
    await usages.keep(sittings)
    expected = sorted(sittings, key=lambda each: (each.sitting.started_at, each.sitting.id), reverse=True)
    found, after, pages = [], None, 0
    while True:
        page = await usages.find(Wanted(), after=after, limit=7)
        found += [each.sitting.id for each in page.sittings]
        pages, after = pages + 1, page.after
        if after is None:
            break
    assert found == [each.sitting.id for each in expected]
    assert pages == 9


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(),
        Wanted(therapist="t1"),
        Wanted(patient="p3"),
        Wanted(therapist="t2", patient="p3"),
        Wanted(first_day="2027-01-20", last_day="2027-01-31"),
        Wanted(first_day="2027-02-01", last_day="2027-02-28", therapist="t0"),
        Wanted(session="session-r2-5"),
        Wanted(therapist="p3"),
        Wanted(therapist="nobody"),
    ],
)
async def test_those_are_found_that_are_wanted(usages: Usages, wanted: Wanted) -> None:
    sittings = random_sittings(2, 80)
    await usages.keep(sittings)

    def fits(each: WholeSitting) -> bool:
        sitting = each.sitting
        people = {(share.person, share.role) for share in each.shares}
        return (
            (wanted.first_day or "") <= sitting.day <= (wanted.last_day or "9999")
            and (wanted.session is None or sitting.session == wanted.session)
            and (wanted.therapist is None or (wanted.therapist, "therapist") in people)
            and (wanted.patient is None or (wanted.patient, "patient") in people)
        )

    page = await usages.find(wanted, spans=True)
    expected = sorted(
        (each for each in sittings if fits(each)), key=lambda each: (each.sitting.started_at, each.sitting.id)
    )
    assert list(page.sittings) == expected[::-1]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10_000), st.integers(1, 30), st.lists(st.integers(1, 9), max_size=5))
async def test_sums_are_what_adding_up_gives(
    database: Database, usages: Usages, sums: UsageSums, seed: int, count: int, portions: list[int]
) -> None:
    async with database.writing() as session:
        for table in (SumRow, SpanRow, ShareRow, SittingRow):
            await session.execute(delete(table))
    sittings = random_sittings(seed, count)
    rest = list(sittings)
    for size in [*portions, count]:
        await usages.keep([replace(each, sitting=replace(each.sitting, ended_at=None)) for each in rest[:size]])
        await usages.keep(rest[:size])
        rest = rest[size:]
    ended = [each for each in sittings if each.sitting.ended_at is not None]
    by_month: Counter[str] = Counter()
    by_person: dict[str, Counter[str]] = {"therapist": Counter(), "patient": Counter()}
    for each in ended:
        by_month[each.sitting.day[:7]] += each.sitting.two_way_ms
        for share in each.shares:
            by_person[share.role][share.person] += share.two_way_ms
    assert {each.period: each.two_way_ms for each in await sums.by_month("all", "", *ALL)} == dict(by_month)
    therapists = await sums.by_person("therapist", *ALL)
    patients = await sums.by_person("patient", *ALL)
    assert {each.who: each.two_way_ms for each in therapists} == dict(by_person["therapist"])
    assert {each.who: each.two_way_ms for each in patients} == dict(by_person["patient"])
    assert sum(each.sittings for each in await sums.by_month("all", "", *ALL)) == len(ended)
    held = sum(1 for each in ended if each.sitting.two_way_ms)
    assert sum(each.held for each in await sums.by_month("all", "", *ALL)) == held
    for patient in by_person["patient"]:
        own = await sums.by_month("patient", patient, *ALL)
        with_each = [await sums.of_patient_with(patient, f"t{number}", *ALL) for number in range(3)]
        for month in own:
            parts = [each for found in with_each for each in found if each.period == month.period]
            assert month.two_way_ms == sum(each.two_way_ms for each in parts)
            assert (month.sittings, month.held) == (sum(e.sittings for e in parts), sum(e.held for e in parts))
            assert (month.present_ms, month.video_ms) == (
                sum(e.present_ms for e in parts),
                sum(e.video_ms for e in parts),
            )


async def test_sums_are_of_the_days_that_were_asked_for_and_of_one_person_if_that_is(
    usages: Usages, sums: UsageSums
) -> None:
    await usages.keep([whole("s1"), whole("s2", START + 20 * 86_400, therapist="t2")])
    assert [each.period for each in await sums.by_month("all", "", *ALL)] == ["2027-01", "2027-02"]
    assert [each.who for each in await sums.by_person("therapist", "2027-02-01", "2027-02-28")] == ["t2"]
    assert [each.who for each in await sums.by_person("therapist", *ALL, who="t1")] == ["t1"]
    assert await sums.by_month("therapist", "t2", "2027-01-01", "2027-01-31") == []


async def test_which_appointment_it_was_may_become_known_later(usages: Usages) -> None:
    await usages.keep([whole()])
    await usages.assign("s1", "a7")
    assert (await usages.get("s1")).sitting.appointment == "a7"


async def test_what_cannot_be_kept_is_refused_whole(usages: Usages) -> None:
    with pytest.raises(BadValue):
        await usages.keep([whole("s1"), whole("s2", therapist="t" * 201)])
    with pytest.raises(Unknown):
        await usages.get("s1")


async def test_versions_of_codes_are_only_added(database: Database) -> None:
    tables = CodeTables(database)
    one = CodeTable(1, START, "admin", {"rules": []})
    await tables.add(one)
    with pytest.raises(Conflict):
        await tables.add(replace(one, by="somebody"))
    await tables.add(replace(one, version=2))
    assert [(each.version, each.by) for each in await tables.all()] == [(1, "admin"), (2, "admin")]
    assert (await tables.all())[0] == one


async def test_lists_of_a_person_do_not_read_everybodys_sittings(database: Database, usages: Usages) -> None:
    """SQLite says how it would look; PostgreSQL decides by what is there, and is measured by the bench."""
    async with database.reading() as session:
        if session.get_bind().dialect.name != "sqlite":
            return
        plan = await session.execute(
            text(
                "EXPLAIN QUERY PLAN SELECT s.id FROM usage_sitting s JOIN usage_share h ON h.sitting_id = s.id "
                "WHERE h.person = 'p1' AND h.role = 'patient' ORDER BY h.started_at DESC, h.sitting_id DESC LIMIT 51"
            )
        )
        said = " ".join(str(row) for row in plan)
    assert "ix_usage_share_person_role_started_at_sitting_id" in said
    assert "SCAN" not in said
    assert "TEMP B-TREE" not in said


async def test_what_is_forgotten_goes_out_of_the_sums_too(database: Database, usages: Usages, sums: UsageSums) -> None:
    sittings = random_sittings(7, 40)
    await usages.keep(sittings)
    kept = KeptUsage(database)
    middle = START + 20 * 86_400
    due = await kept.due(middle, middle)
    gone = await kept.forget(middle, 1_000, middle)
    left = [each for each in sittings if each.sitting.ended_at is None or each.sitting.started_at >= middle]
    assert len(gone.ids) == due.free == len(sittings) - len(left) > 0
    page = await usages.find(Wanted())
    assert {each.sitting.id for each in page.sittings} == {each.sitting.id for each in left}
    ended = [each for each in left if each.sitting.ended_at is not None]
    for role, kind in (("therapist", "therapist"), ("patient", "patient")):
        expected: Counter[str] = Counter()
        for each in ended:
            for share in each.shares:
                if share.role == role:
                    expected[share.person] += share.two_way_ms
        found = {each.who: each.two_way_ms for each in await sums.by_person(kind, *ALL)}  # type: ignore[arg-type]
        assert found == dict(expected), "nobody is in the sums of whom nothing is kept"
    assert sum(each.sittings for each in await sums.by_month("all", "", *ALL)) == len(ended)
