"""The panel of webhooks in a real browser, with a receiver that first refuses and then takes what comes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import expect

from tests.browser.conftest import MakePerson
from tests.browser.desk import dialog, heading
from tests.browser.office import Office, an_office
from tests.browser.person import eventually


@dataclass
class Receiver:
    """A program of the clinic."""

    url: str = ""
    status: int = 200
    got: list[dict[str, object]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(json.loads(await request.text()))
        return web.Response(status=self.status)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    async with an_office(tmp_path_factory.mktemp("office"), "--webhook-private-addresses") as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_post("/events", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/events"
    yield made
    await runner.cleanup()


async def test_a_program_is_told_and_what_it_refused_is_sent_again(
    office: Office, receiver: Receiver, person: MakePerson
) -> None:
    ada = await office.page(person, await office.administrator(), "#webhooks")
    ada.expects_network_errors()
    await ada.reads("No program is told of anything.")
    await ada.press("New webhook")
    await ada.press("Add the webhook")
    await ada.reads("Type a whole address.")
    await ada.fill("Address", receiver.url)
    await ada.press("Add the webhook")
    await expect(dialog(ada).get_by_role("heading", name="The webhook’s secret")).to_be_visible()
    assert (await dialog(ada).locator("code").inner_text()).startswith("whsec_")
    await ada.press("I have copied it")
    await expect(heading(ada, receiver.url.split("/")[2])).to_be_focused()
    await ada.reads("All events")

    await ada.press("Send a test")
    deliveries = ada.page.get_by_role("list", name="Deliveries").get_by_role("listitem")
    await expect(deliveries.first).to_contain_text("endpoint.tested")
    await expect(deliveries.first).to_contain_text("Delivered", timeout=20_000)  # the panel looks by itself
    await deliveries.first.get_by_role("button", name="Details").click()
    await expect(dialog(ada)).to_contain_text('"type": "endpoint.tested"')
    await expect(dialog(ada)).to_contain_text("answered 200")
    await ada.page.keyboard.press("Escape")

    await deliveries.first.get_by_role("button", name="Send again").click()
    await ada.reads("1 delivery is sent again")
    await eventually(lambda: _has(receiver, 2), "it was told twice")
    assert receiver.got[0] == receiver.got[1]

    await ada.press("Change")
    await dialog(ada).get_by_label("Switched on").uncheck()
    await ada.press("Save")
    await ada.reads("Saved")
    await expect(ada.button("Send a test")).to_have_count(0)
    await ada.press("Remove")
    await dialog(ada).get_by_role("button", name="Remove").click()
    await ada.reads("No program is told of anything.")


async def _has(receiver: Receiver, count: int) -> bool:
    return len(receiver.got) >= count


async def test_whoever_may_not_manage_webhooks_does_not_see_them(office: Office, person: MakePerson) -> None:
    theo = await office.page(person, await office.member("therapist"), "#webhooks")
    await expect(theo.page.get_by_role("navigation").get_by_role("link", name="Webhooks")).to_have_count(0)
