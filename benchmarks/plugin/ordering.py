"""In which order do the cases run? Null cases before those they vouch for, or these would be judged without them.

Whatever reordered the tests (node ids in another order, `--failed-first`, a plugin that shuffles), the places that a
test function's cases have are kept, and within them null cases come first; all else stays as it was.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

import pytest


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> Generator[None, object, object]:
    """Put null cases first, after every plugin that reorders tests has done so and before anyone counts or shows them.

    No implementation of `pytest_collection_modifyitems` is sure to be the last: `--failed-first` is a wrapper too.
    """
    session.items[:] = put_nulls_first(session.items)
    return (yield)


def put_nulls_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return the tests with the null cases of each function before its other cases, in the places of that function.

    Args:
        items: in the order in which they would run.
    """
    places: dict[str, list[int]] = {}
    for place, item in enumerate(items):
        places.setdefault(_name_function(item), []).append(place)
    ordered = list(items)
    for own in places.values():
        for place, item in zip(own, sorted((items[place] for place in own), key=_is_vouched_for), strict=True):
            ordered[place] = item
    return ordered


def _name_function(item: pytest.Item) -> str:
    """Return the node id of a test without its parameters, which may hold brackets of their own."""
    function = item.originalname if isinstance(item, pytest.Function) else item.name
    return f"{item.nodeid.removesuffix(item.name)}{function}"


def _is_vouched_for(item: pytest.Item) -> bool:
    """Whether a null case has a say in the verdict of this one; neither null cases nor refused values have one."""
    if item.get_closest_marker("sweep") is None:
        return False
    return item.get_closest_marker("null") is None and item.get_closest_marker("rejected") is None
