"""Test vectors of the RFCs, as their sources have them.

Each file says where it is from; the names of the fields are those that it has there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def load(name: str) -> Any:
    return json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
