"""What a call costs who publishes, and the server that forwards it: read twice from counters that run anyway.

The left one publishes a face at 720p30 and speaks; the right one watches, and sends nothing unless both are to. The
time of each thread is the scheduler's own account. Not here: what follows from it (`figures.py`).
"""

from __future__ import annotations

import time
from contextlib import suppress

from playwright.sync_api import Browser, Page

from bench.e2ee.calls import Kind, People, enter, press, switch_off, wait
from bench.e2ee.figures import LINES, Counted, Run, Used, lines_of, run
from bench.errors import Failed
from bench.network.browsers import NAMES, SIDES
from bench.processes import machine_seconds, thread_times
from bench.recording_service import Service, cpu_ns, own_seconds
from bench.systems.ours import MEDIA_THREAD

SIZE = (1280, 720)

SETTLE_SECONDS = 5.0
"""From when the picture has the wanted size, which takes an encoder some seconds: it begins with few bits and a small
picture."""

GROW_SECONDS = 60.0
"""For which that is waited for. If it comes to nothing, the run says so."""

WORKER = "DedicatedWorker"
CALLING = "WebRTC"
"""How the names begin that Chromium gives these threads. The main thread's number is the process's."""

PROTECTION: dict[Kind, str] = {"clear": "clear", "passed": "clear", "encrypted": "on"}
"""What the page's sign says of a call of each kind."""


class Publisher:
    """The processes of one browser, and among them that of the page that is in a call."""

    def __init__(self, browser: Browser) -> None:
        """Raises Failed."""
        session = browser.new_browser_cdp_session()
        told = session.send("SystemInfo.getProcessInfo")["processInfo"]
        session.detach()
        self.all = [int(each["id"]) for each in told]
        calling = [int(each["id"]) for each in told if each["type"] == "renderer" and _is_in_call(int(each["id"]))]
        if len(calling) != 1:
            raise Failed(f"{len(calling)} of the browser's pages are in a call")
        self.page = calling[0]


def measure(people: People, kind: Kind, repeat: int, seconds: float, both_ways: bool) -> Run:
    """Raises Failed."""
    links = people.links()
    service = people.service
    with people.pages(kind, sharp=True) as (left, right):
        for side, page in zip(SIDES, (left, right), strict=True):
            enter(page, side, links[side])
        if not both_ways:
            switch_off(right)
        for page in (left, right):
            press(page, "Join session")
        press(left, f"Admit {NAMES['right']}")
        right.evaluate("name => bench.picture(name, 30000)", NAMES["left"])
        wait(lambda: left.evaluate("bench.protection()") == PROTECTION[kind], f"the sign says {PROTECTION[kind]}")
        publisher = Publisher(people.browser("left"))
        _settle(left, min(GROW_SECONDS, 4 * seconds))
        # what is asked of page and server costs them something: that is not between the two looks at the clocks
        counted = _count(service, left)
        used = _use(publisher, service)
        time.sleep(seconds)
        used_then = _use(publisher, service)
        counted_then = _count(service, left)
    return run(kind, repeat, (used, used_then), (counted, counted_then))


def _settle(page: Page, most: float) -> None:
    until = time.monotonic() + most
    while time.monotonic() < until and lines_of(page.evaluate("bench.sent()")) < LINES:
        time.sleep(1.0)
    time.sleep(SETTLE_SECONDS)


def _use(publisher: Publisher, service: Service) -> Used:
    server = service.pids["server"]
    page = publisher.page
    try:
        threads = thread_times(page)
        media = thread_times(server)
        return Used(
            at=time.monotonic(),
            main_ns=sum(used for name, used in threads.items() if name.endswith(f"/{page}")),
            worker_ns=sum(used for name, used in threads.items() if name.startswith(WORKER)),
            page_ns=cpu_ns(page),
            browser_ns=sum(cpu_ns(pid) for pid in publisher.all),
            server_ns=cpu_ns(server),
            media_ns=sum(used for name, used in media.items() if name.startswith(MEDIA_THREAD)),
            machine_s=machine_seconds(),
            own_s=own_seconds(),
        )
    except OSError:
        raise Failed("a process ended while it was measured") from None


def _count(service: Service, page: Page) -> Counted:
    return Counted(service.counters(), page.evaluate("bench.sent()"))


def _is_in_call(pid: int) -> bool:
    with suppress(OSError):
        return any(name.startswith(CALLING) for name in thread_times(pid))
    return False
