"""What do records look like in JSON? Objects whose keys are the names of the fields."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
