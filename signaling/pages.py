"""The pages and their files. Those of a session are one client; which of them it shows, it reads from its address. The
page of recordings is another, which needs neither camera nor socket; the check before a call is a third; those of the
people who work at the clinic are a fourth."""

from __future__ import annotations

from aiohttp import web
from pydantic import BaseModel

from signaling.brand import Brand, style_sheet
from signaling.encryption import Encryption
from signaling.refusals import Refused
from signaling.static import PLACEHOLDER, Asset, Shelf

FOR_EVER = "public, max-age=31536000, immutable"
RECORDINGS = "recordings.html"
CHECK = "check.html"
STAFF = "staff.html"
VISIT = "visit.html"


class BrandAnswer(BaseModel):
    name: str
    logo: str | None
    """Its address."""
    color: str


class VideoAnswer(BaseModel):
    """What cameras are asked for."""

    width: int
    height: int
    frame_rate: int


class ClientAnswer(BaseModel):
    """What the server says about itself to its web client."""

    brand: BrandAnswer
    demo: bool
    """The join form may ask for a token itself."""
    demo_reason: str | None = None
    exit_page: str
    languages: list[str]
    video: VideoAnswer
    turn: bool
    """There are TURN servers: `POST /api/ice` tells which."""
    encryption: Encryption
    """The clinic's own policy of end-to-end encryption. Tokens can make it stricter."""


DEMO_REASON = (
    "This is a demonstration on this machine: anyone who opens this page can join as anyone. "
    "Do not hold real sessions here."
)


class Pages:
    def __init__(
        self,
        *,
        shelf: Shelf,
        brand: Brand,
        demo: bool,
        video: VideoAnswer,
        encryption: Encryption,
        turn: bool = False,
    ) -> None:
        self._shelf = shelf
        self._brand = brand
        self._style = style_sheet(brand)
        self._demo = demo
        languages = sorted(
            name[8:-5] for name in shelf.current().assets if name.startswith("strings/") and name.endswith(".json")
        )
        self._client = ClientAnswer(
            brand=BrandAnswer(name=brand.name, logo="/brand/logo" if brand.logo else None, color=brand.color),
            exit_page=brand.exit_page,
            demo=demo,
            demo_reason=DEMO_REASON if demo else None,
            languages=sorted(languages, key=lambda language: (language != "en", language)) or ["en"],
            video=video,
            turn=turn,
            encryption=encryption,
        )

    async def start(self, request: web.Request) -> web.Response:
        raise web.HTTPFound("/video-call/demo" if self._demo else "/video-call/therapy")

    async def page(self, request: web.Request) -> web.Response:
        return _page(self._shelf.current().index)

    async def recordings(self, request: web.Request) -> web.Response:
        return self._other(RECORDINGS)

    async def check(self, request: web.Request) -> web.Response:
        return self._other(CHECK)

    async def staff(self, request: web.Request) -> web.Response:
        return self._other(STAFF)

    async def visit(self, request: web.Request) -> web.Response:
        return self._other(VISIT)

    async def asset(self, request: web.Request) -> web.Response:
        asset = self._shelf.asset(request.match_info["hash"], request.match_info["path"])
        if asset is None:
            raise Refused("not_found")
        return _asset(request, asset, FOR_EVER)

    async def digest(self, request: web.Request) -> web.Response:
        tree = self._shelf.current()
        return web.Response(text=f"{tree.digest}\n\n{tree.manifest}", headers={"Cache-Control": "no-cache"})

    async def style(self, request: web.Request) -> web.Response:
        return web.Response(
            body=self._style, content_type="text/css", charset="utf-8", headers={"Cache-Control": "max-age=300"}
        )

    async def logo(self, request: web.Request) -> web.Response:
        if self._brand.logo is None:
            raise Refused("not_found")
        return _asset(request, self._brand.logo, "max-age=300")

    async def client(self, request: web.Request) -> web.Response:
        return web.json_response(text=self._client.model_dump_json(exclude_none=False))

    def _other(self, name: str) -> web.Response:
        tree = self._shelf.current()
        asset = tree.assets.get(name)
        if asset is None:
            raise Refused("not_found")
        return _page(asset.body.replace(PLACEHOLDER, tree.hash.encode()))


def _page(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="text/html", charset="utf-8", headers={"Cache-Control": "no-cache"})


def _asset(request: web.Request, asset: Asset, cache: str) -> web.Response:
    headers = {"Content-Type": asset.content_type, "Cache-Control": cache, "Vary": "Accept-Encoding"}
    accepted = [part.split(";")[0].strip() for part in request.headers.get("Accept-Encoding", "").split(",")]
    if asset.gzipped is not None and "gzip" in accepted:
        return web.Response(body=asset.gzipped, headers=headers | {"Content-Encoding": "gzip"})
    return web.Response(body=asset.body, headers=headers)
