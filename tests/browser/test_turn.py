"""Calls out of networks with firewalls: a person at home, behind one that lets less and less through, and a therapist
in the clinic. All of it real: browser, service, coturn as deploy/turn installs it, and the kernel's firewall."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Playwright, expect

from tests.browser.conftest import CHROMIUM, FLAGS, Devices
from tests.browser.content import DOCTOR, PATIENT, Content
from tests.browser.firefox import FirefoxPerson
from tests.browser.person import RECOGNISE, ChromiumPerson, eventually
from tests.browser.service import Service
from tests.networks import CLINIC, Networks, Place, networks
from tests.turn.coturn import SECRET, Coturn, program

PAIR = """async () => {
  const found = [];
  for (const connection of window.recognise.connections) {
    const stats = new Map(await connection.getStats());
    for (const each of stats.values()) {
      if (each.type !== "transport" || !each.selectedCandidatePairId) continue;
      const local = stats.get(stats.get(each.selectedCandidatePairId).localCandidateId);
      found.push([local.candidateType, local.relayProtocol ?? local.protocol].join(" "));
    }
  }
  return found;
}"""

SECURE = {"dom.securecontext.allowlist": CLINIC, "media.devices.insecure.enabled": True}
"""So that Firefox gives devices to a page that came by http from another address."""

MakeAt = Callable[[Place, str, Content], Awaitable[ChromiumPerson]]


@pytest.fixture(scope="module")
def places() -> Iterator[Networks]:
    program()
    with networks() as made, made.clinic.entered():
        # this process too: it asks the service whether it is there
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(places: Networks, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    (folder / "turn-secret").write_text(SECRET)
    turn = f"turn:{CLINIC}:3478,turn:{CLINIC}:3478?transport=tcp,turns:{CLINIC}:443?transport=tcp"
    running = Service(
        folder,
        *("--host", "0.0.0.0", "--media-addresses", CLINIC),
        *("--turn-urls", turn, "--turn-secret-file", str(folder / "turn-secret")),
        demo=False,
    )
    await running.start()
    yield running
    assert await running.stop() == 0, running.said()


@pytest.fixture(scope="module")
def coturn(places: Networks, service: Service) -> Iterator[Coturn]:
    running = Coturn(places.clinic, (CLINIC, service.media_port))
    running.guard()
    running.start()
    yield running
    running.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def at(
    playwright: Playwright, places: Networks, service: Service, devices: Devices, tmp_path: Path
) -> AsyncIterator[MakeAt]:
    """Somebody with a browser in one of the networks."""
    browsers: list[Browser] = []
    contexts: list[BrowserContext] = []
    # http from another address than localhost; the certificate of coturn is nobody's that a browser knows
    flags = [
        *FLAGS,
        f"--unsafely-treat-insecure-origin-as-secure=http://{CLINIC}:{service.port}",
        "--ignore-certificate-errors",
        "--use-fake-ui-for-media-stream",
    ]

    async def make(place: Place, name: str, content: Content) -> ChromiumPerson:
        browser = await playwright.chromium.launch(
            executable_path=place.script(tmp_path, CHROMIUM, pid=tmp_path / f"{place.name}.pid"),
            args=[*flags, *devices[content]],
            chromium_sandbox=False,
        )
        browsers.append(browser)
        context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
        contexts.append(context)
        context.set_default_timeout(20_000)
        await context.add_init_script(RECOGNISE)
        return ChromiumPerson(await context.new_page(), name, content)

    yield make
    for context in contexts:
        await context.close()
    for browser in browsers:
        await browser.close()


def outside(service: Service, link: str) -> str:
    return link.replace(service.url, f"http://{CLINIC}:{service.port}", 1)


async def _call(places: Networks, service: Service, session: str, at: MakeAt) -> tuple[ChromiumPerson, ChromiumPerson]:
    """Both see and hear each other. Returns the person at home, and the one in the clinic."""
    doctor, patient = await at(places.clinic, "Dr. Blue", DOCTOR), await at(places.home, "Sam Reed", PATIENT)
    await doctor.join(outside(service, await service.link("therapist", session)))
    await patient.join(outside(service, await service.link("patient", session)))
    await doctor.admit(patient)
    await doctor.sees_and_hears(patient)
    await patient.sees_and_hears(doctor)
    assert not patient.errors
    return patient, doctor


def no_udp_but_names(service: Service) -> tuple[str, ...]:
    return ("meta l4proto udp",)


def no_media(service: Service) -> tuple[str, ...]:
    return (f"udp dport {service.media_port}", f"tcp dport {service.media_port}")


@pytest.mark.timeout(180)
async def test_where_all_is_open_the_relay_is_not_taken(
    places: Networks, service: Service, coturn: Coturn, session: str, at: MakeAt
) -> None:
    places.home.firewall()
    patient, _ = await _call(places, service, session, at)
    [pair] = await patient.evaluate(PAIR)
    assert pair.endswith(" udp")
    assert not pair.startswith("relay")


@pytest.mark.timeout(180)
async def test_where_udp_is_blocked_the_call_takes_tcp_to_the_media_port(
    places: Networks, service: Service, session: str, at: MakeAt
) -> None:
    places.home.firewall(*no_udp_but_names(service), "tcp dport { 3478, 443 }")
    patient, _ = await _call(places, service, session, at)
    [pair] = await patient.evaluate(PAIR)
    assert pair.endswith(" tcp")
    assert not pair.startswith("relay")


@pytest.mark.timeout(180)
async def test_where_the_media_port_is_blocked_the_call_takes_turn_over_udp(
    places: Networks, service: Service, coturn: Coturn, session: str, at: MakeAt
) -> None:
    places.home.firewall(*no_media(service))
    patient, _ = await _call(places, service, session, at)
    # TCP to the relay may have been quicker by a moment
    await eventually(lambda: _takes(patient, "relay udp"), "the call takes TURN over UDP")


@pytest.mark.timeout(180)
async def test_udp_to_the_relay_is_taken_when_it_works_after_tcp_did(
    places: Networks, service: Service, coturn: Coturn, session: str, at: MakeAt
) -> None:
    places.home.firewall(*no_media(service), "udp dport 3478")
    patient, doctor = await _call(places, service, session, at)
    assert await _takes(patient, "relay tcp")
    places.home.firewall(*no_media(service))
    await eventually(lambda: _takes(patient, "relay udp"), "the call takes TURN over UDP", seconds=90)
    await doctor.sees_and_hears(patient)
    await patient.sees_and_hears(doctor)


@pytest.mark.timeout(180)
async def test_where_only_tls_passes_the_call_takes_turn_over_tls(
    places: Networks, service: Service, coturn: Coturn, session: str, at: MakeAt
) -> None:
    places.home.firewall(*no_udp_but_names(service), f"tcp dport {{ {service.media_port}, 3478 }}")
    patient, _ = await _call(places, service, session, at)
    assert await patient.evaluate(PAIR) == ["relay tls"]


@pytest.mark.timeout(180)
async def test_the_check_page_says_which_ways_are_open(
    places: Networks, service: Service, coturn: Coturn, session: str, at: MakeAt
) -> None:
    places.home.firewall(*no_udp_but_names(service), f"tcp dport {{ {service.media_port}, 3478 }}")
    patient = await at(places.home, "Sam Reed", PATIENT)
    await patient.open(outside(service, await service.link("patient", session)))
    await patient.page.get_by_role("link", name="Test my connection").click()
    await patient.press("Start the test")
    items = patient.page.get_by_role("list", name="What is tested").get_by_role("listitem")
    await expect(items.filter(has_text="Direct connection")).to_contain_text("Could be better", timeout=40_000)
    await expect(items.filter(has_text="Direct connection")).to_contain_text(f"UDP to port {service.media_port}")
    await expect(items.filter(has_text="Way around firewalls")).to_contain_text("1 of 3 ways")
    await expect(items.filter(has_text="Quality")).to_contain_text("Mbit/s", timeout=40_000)
    await patient.reads("You can join. Something could be better")


@pytest.mark.timeout(180)
async def test_firefox_takes_the_relay_too(
    places: Networks, service: Service, coturn: Coturn, session: str, at: MakeAt, tmp_path: Path
) -> None:
    places.home.firewall(*no_media(service))
    doctor = await at(places.clinic, "Dr. Blue", DOCTOR)
    async with FirefoxPerson("Fay Fox", tmp_path, places.home, **SECURE) as fox:
        await doctor.join(outside(service, await service.link("therapist", session)))
        await fox.join(outside(service, await service.link("patient", session)))
        await doctor.admit(fox)
        await doctor.sees_and_hears(fox)
        await fox.sees_and_hears(doctor)
        [pair] = await fox.evaluate(PAIR)
        assert pair.startswith("relay")


@pytest.mark.parametrize(
    ("blocked", "expected"),
    [
        ("nothing", {"udp": "good", "ice_tcp": "good", "turn_udp": "good", "turn_tcp": "good", "turn_tls": "good"}),
        ("udp", {"udp": "warn", "ice_tcp": "good", "turn_udp": "warn", "turn_tcp": "good", "turn_tls": "good"}),
        ("all but TLS", {"udp": "warn", "ice_tcp": "warn", "turn_udp": "warn", "turn_tcp": "warn", "turn_tls": "good"}),
        ("everything", {"udp": "bad", "ice_tcp": "bad", "turn_udp": "bad", "turn_tcp": "bad", "turn_tls": "bad"}),
    ],
)
async def test_the_doctor_says_which_ways_are_open_from_there(
    places: Networks, service: Service, coturn: Coturn, session: str, blocked: str, expected: dict[str, str]
) -> None:
    rules = {
        "nothing": (),
        "udp": no_udp_but_names(service),
        "all but TLS": (*no_udp_but_names(service), f"tcp dport {{ {service.media_port}, 3478 }}"),
        "everything": (*no_udp_but_names(service), f"tcp dport {{ {service.media_port}, 3478, 443 }}"),
    }
    places.home.firewall(*rules[blocked])
    link = outside(service, await service.link("patient", session))
    process = await asyncio.create_subprocess_exec(
        *places.home.command(sys.executable, "-m", "therabook", "doctor", link, "--json", "--insecure"),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    found = json.loads(said)
    marks = {each["id"]: each["mark"] for each in found["findings"]}
    assert {name: marks[name] for name in expected} == expected
    assert (marks["pages"], marks["websocket"]) == ("good", "good")
    assert found["ok"] is (blocked != "everything")
    assert process.returncode == (1 if blocked == "everything" else 0)


@pytest.mark.timeout(180)
async def test_a_call_goes_on_when_udp_and_then_all_but_tls_is_blocked_in_its_middle(
    places: Networks, service: Service, coturn: Coturn, session: str, at: MakeAt
) -> None:
    places.home.firewall()
    patient, doctor = await _call(places, service, session, at)
    patient.expects_network_errors()
    places.home.firewall(*no_udp_but_names(service))
    await eventually(lambda: _takes(patient, "tcp"), "the call takes another way than UDP")
    await doctor.sees_and_hears(patient)
    places.home.firewall(*no_udp_but_names(service), f"tcp dport {{ {service.media_port}, 3478 }}")
    await eventually(lambda: _takes(patient, "relay tls"), "the call takes TURN over TLS")
    await doctor.sees_and_hears(patient)
    await patient.sees_and_hears(doctor)


async def _takes(someone: ChromiumPerson, way: str) -> bool:
    pairs = await someone.evaluate(PAIR)
    return bool(pairs) and all(way in pair for pair in pairs)
