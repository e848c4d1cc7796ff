"""Browsers and servers with which a session's protection is not as it should be, for the tests that look at it."""

from __future__ import annotations

import base64
import json

from playwright.async_api import Locator, WebSocketRoute

from tests.browser.go_between import SOCKET
from tests.browser.person import ChromiumPerson

OLD = """
delete window.RTCRtpScriptTransform;
delete RTCRtpSender.prototype.createEncodedStreams;
delete RTCRtpReceiver.prototype.createEncodedStreams;
"""
"""A browser that cannot encrypt frames."""

FORGET = """() => new Promise((resolve, reject) => {
  const opening = indexedDB.open("therabook");
  opening.onsuccess = () => {
    const clearing = opening.result.transaction("identities", "readwrite").objectStore("identities").clear();
    clearing.onsuccess = () => resolve(opening.result.close());
    clearing.onerror = reject;
  };
  opening.onerror = reject;
})"""


async def make_old(person: ChromiumPerson) -> ChromiumPerson:
    """Before they open their link: their browser cannot encrypt end to end."""
    await person.page.add_init_script(OLD)
    return person


async def come_back_with_another_key(person: ChromiumPerson) -> None:
    """As somebody does whose browser keeps nothing, after a reload of the page."""
    await person.page.evaluate(FORGET)
    await person.page.reload()


def badge(person: ChromiumPerson) -> Locator:
    """The sign in the top line that says how the session is protected."""
    return person.page.locator("tb-protection-pill").get_by_role("button")


def card(person: ChromiumPerson, other: str) -> Locator:
    """What the dialog about protection, which is open, shows of somebody."""
    return person.page.locator("tb-compare-card").filter(has_text=f"With {other}")


async def words(person: ChromiumPerson, other: str) -> list[str]:
    """Those that this person is shown to compare with the other. The dialog is open."""
    shown = person.page.get_by_role("list", name=f"Words to compare with {other}", exact=True)
    await shown.wait_for()
    return await shown.get_by_role("listitem").all_inner_texts()


class Forger:
    """A server that changes what others reveal to this page, as somebody would who wants to stand between them:
    `await Forger.for_(person)` before the person opens their link, and `forges = True` when it begins.
    """

    def __init__(self) -> None:
        self.forges = False

    @classmethod
    async def for_(cls, person: ChromiumPerson) -> Forger:
        forger = cls()
        await person.page.route_web_socket(SOCKET, forger._join)
        return forger

    def _join(self, page: WebSocketRoute) -> None:
        server = page.connect_to_server()
        page.on_message(server.send)
        server.on_message(lambda text: page.send(self._changed(str(text))))

    def _changed(self, text: str) -> str:
        message = json.loads(text)
        if not self.forges or message["type"] != "sealed":
            return text
        body = message["body"]
        letter = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        if letter["kind"] != "reveal":
            return text
        letter["nonce"] = ("B" if letter["nonce"][0] == "A" else "A") + letter["nonce"][1:]
        forged = base64.urlsafe_b64encode(json.dumps(letter).encode()).decode().rstrip("=")
        return json.dumps(message | {"body": forged})
