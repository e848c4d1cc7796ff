"""A machine whose devices are plugged and unplugged while Chromium runs.

What is real: Chromium's fake devices are opened, chosen and captured from as any others are, and when the process that
holds the camera is killed, Chromium itself ends the track, as it does when a camera is pulled out. What is simulated:
that the device is then missing from the list and cannot be opened, and that the page is told when it is back, since
fake devices cannot be taken away. A pause by the system (a phone call) is simulated altogether, and so is a page that
is hidden: Playwright keeps every page visible.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

from tests.browser.person import ChromiumPerson, eventually

SCRIPT = """
window.machine = {
  gone: new Set(),
  offers: 0,
  locks: [],
  turn(labels, gone) {
    for (const label of labels) this.gone[gone ? "add" : "delete"](label);
    navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
  },
  track(kind) {
    return window.recognise.opened.filter((track) => track.kind === kind && track.readyState === "live").at(-1);
  },
  pause(kind, paused) {
    const track = this.track(kind);
    Object.defineProperty(track, "muted", { configurable: true, value: paused });
    track.dispatchEvent(new Event(paused ? "mute" : "unmute"));
  },
  sent(kind) {
    const senders = window.recognise.connections.flatMap((connection) => connection.getSenders());
    return senders.map(({ track }) => track).filter((track) => track?.kind === kind).map(({ label }) => label);
  },
};
{
  const { machine } = window;
  const devices = navigator.mediaDevices;
  const list = devices.enumerateDevices.bind(devices);
  const open = devices.getUserMedia.bind(devices);
  devices.enumerateDevices = async () => (await list()).filter(({ label }) => !machine.gone.has(label));
  devices.getUserMedia = async (wish) => {
    const there = await devices.enumerateDevices();
    const wishes = { ...wish };
    for (const [kind, name] of [["audioinput", "audio"], ["videoinput", "video"]]) {
      if (!machine.gone.size || !wish[name]) continue;
      const { exact, ideal } = wish[name].deviceId ?? {};
      const fitting = there.filter((device) => device.kind === kind);
      const chosen = fitting.find(({ deviceId }) => deviceId === (exact ?? ideal)) ?? (exact ? null : fitting[0]);
      if (!chosen) throw new DOMException("Requested device not found", "NotFoundError");
      wishes[name] = { ...wish[name], deviceId: { exact: chosen.deviceId } };
    }
    return open(wishes);
  };
  const describe = RTCPeerConnection.prototype.setLocalDescription;
  RTCPeerConnection.prototype.setLocalDescription = function (...parts) {
    machine.offers += 1;
    return describe.apply(this, parts);
  };
  const lock = navigator.wakeLock?.request.bind(navigator.wakeLock);
  if (lock) navigator.wakeLock.request = async (kind) => {
    const sentinel = await lock(kind);
    machine.locks.push(sentinel);
    return sentinel;
  };
}
"""


class Machine:
    """`await Machine.of(person)` before the person opens their link."""

    def __init__(self, person: ChromiumPerson) -> None:
        self._person = person

    @classmethod
    async def of(cls, person: ChromiumPerson) -> Machine:
        await person.page.add_init_script(SCRIPT)
        return cls(person)

    async def is_gone(self, *labels: str) -> None:
        await self._person.evaluate("labels => window.machine.turn(labels, true)", list(labels))

    async def is_back(self, *labels: str) -> None:
        await self._person.evaluate("labels => window.machine.turn(labels, false)", list(labels))

    async def sent(self, kind: str) -> list[str]:
        """The labels of the devices from which "audio" or "video" is sent."""
        labels: list[str] = await self._person.evaluate("kind => window.machine.sent(kind)", kind)
        return labels

    async def sends(self, kind: str, *labels: str) -> None:
        async def look() -> bool:
            return await self.sent(kind) == list(labels)

        await eventually(look, f"{self._person.name} sends {kind} from {labels}")

    async def offers(self) -> int:
        """How often it was negotiated."""
        return int(await self._person.evaluate("() => window.machine.offers"))

    async def ends(self, kind: str) -> None:
        """The track is over, as if its device had been pulled out."""
        script = "kind => { const t = window.machine.track(kind); t.stop(); t.dispatchEvent(new Event('ended')); }"
        await self._person.evaluate(script, kind)

    async def pause(self, kind: str, *, paused: bool) -> None:
        await self._person.evaluate("(kind, paused) => window.machine.pause(kind, paused)", kind, paused)

    async def loses_the_lock(self) -> None:
        """As when the page is hidden."""
        await self._person.evaluate("() => Promise.all(window.machine.locks.map((lock) => lock.release()))")

    async def awake(self) -> int:
        """How many locks keep the screen on."""
        return int(await self._person.evaluate("() => window.machine.locks.filter((lock) => !lock.released).length"))


async def turns(person: ChromiumPerson, state: str) -> None:
    """The person's page is "hidden", or "visible" again."""
    script = """state => {
      Object.defineProperty(document, "visibilityState", { configurable: true, value: state });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    await person.evaluate(script, state)


def kill_camera() -> int:
    """Kills the processes in which browsers of this test run hold their cameras. Returns how many there were."""
    killed = 0
    for process in _descendants(os.getpid()):
        with suppress(OSError):
            if b"video_capture.mojom.VideoCaptureService" in Path(f"/proc/{process}/cmdline").read_bytes():
                os.kill(process, signal.SIGKILL)
                killed += 1
    return killed


def _descendants(process: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *_descendants(int(child))]
    return found
