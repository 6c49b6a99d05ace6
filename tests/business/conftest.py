"""One world of each size, dirty as it is delivered."""

from __future__ import annotations

import pytest

from tests.business.worlds import SIZES, World, made


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[int, World]:
    return {size: made(tmp_path_factory.mktemp(f"business-{size}"), size) for size in SIZES}


@pytest.fixture(params=SIZES)
def world(request: pytest.FixtureRequest, worlds: dict[int, World]) -> World:
    return worlds[request.param]
