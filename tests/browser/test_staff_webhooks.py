"""The panel of webhooks, in a real browser with a real receiver: one is made, tried, looked at, replayed, changed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import MakePerson
from tests.browser.desk import dialog
from tests.browser.looking import violations
from tests.browser.office import Office, an_office
from tests.signaling.receiver import a_receiver


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    async with an_office(tmp_path_factory.mktemp("office"), "--webhook-private-addresses") as opened:
        yield opened


async def test_a_webhook_is_made_tried_looked_at_and_replayed(office: Office, person: MakePerson) -> None:
    admin = await office.administrator()
    async with a_receiver() as receiver:
        ada = await office.page(person, admin, "#webhooks", viewport={"width": 1280, "height": 900})
        ada.expects_network_errors()
        await ada.reads("No program is told of anything yet.")
        await ada.press("New webhook")
        await ada.fill("Where to", "https://169.254.169.254/latest")
        await dialog(ada).get_by_role("button", name="Make the webhook").click()
        await ada.reads("This address cannot be used")
        await ada.fill("Where to", receiver.url)
        await dialog(ada).get_by_label("Recordings").uncheck()
        assert await violations(ada.page, "webhooks") == []
        await dialog(ada).get_by_role("button", name="Make the webhook").click()
        secret = await dialog(ada).get_by_role("group", name="The secret").inner_text()
        assert secret.startswith("whsec_")
        await dialog(ada).get_by_role("button", name="I have copied it").click()
        await ada.reads(f"What was sent to {receiver.url}")
        await ada.press("Send a test")
        await receiver.got(1)
        row = ada.page.get_by_role("row").filter(has_text="endpoint.tested")
        await expect(row).to_contain_text("Arrived", timeout=15_000)
        await expect(row).to_contain_text("status 200")
        assert await violations(ada.page, "webhooks") == []
        receiver.answers = [500]
        await row.get_by_role("button", name="Send endpoint.tested (number 1) again").click()
        await ada.reads("1 is sent again")
        await receiver.got(2)
        await expect(row).to_contain_text("Waits", timeout=15_000)
        await expect(row).to_contain_text("status 500")
        await receiver.got(3)
        await expect(row).to_contain_text("Arrived", timeout=15_000)
        assert len({request.body for request in receiver.requests}) == 1
        await ada.page.set_viewport_size({"width": 375, "height": 740})
        wide = await ada.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 375, "the table scrolls by itself, the page does not"
        assert await violations(ada.page, "webhooks") == []
        await ada.page.get_by_role("button", name="Change 127.0.0.1").click()
        await dialog(ada).get_by_label("It is told of what happens").uncheck()
        await dialog(ada).get_by_role("button", name="Keep the changes").click()
        await ada.reads("The webhook was changed")
        await ada.press("Send a test")
        await ada.reads("This webhook is switched off")
        await ada.page.get_by_role("button", name="Change 127.0.0.1").click()
        await dialog(ada).get_by_role("button", name="Remove …").click()
        await dialog(ada).get_by_role("button", name="Remove", exact=True).click()
        await ada.reads("No program is told of anything yet.")
