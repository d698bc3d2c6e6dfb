"""Long requests: bounded in all and for each person, and refused when too many wait."""

import asyncio

import pytest

from app.api.request_limiter import RequestLimiter
from app.errors import StudioError


def test_one_person_leaves_room_for_others_and_everybody_gets_a_slot() -> None:
    async def trial() -> list[str]:
        limiter = RequestLimiter(max_active=3, max_active_per_user=2, max_waiting_per_user=9)
        ended: list[str] = []
        release = asyncio.Event()
        working: list[str] = []

        async def work(name: str) -> None:
            async with limiter.slot(name[0]):
                working.append(name)
                await release.wait()
                ended.append(name)

        tasks = [asyncio.create_task(work(name)) for name in ("a1", "a2", "a3", "b1", "c1")]
        await asyncio.wait(tasks, timeout=0.3)
        assert working == ["a1", "a2", "b1"]
        release.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 5)
        return ended

    assert sorted(asyncio.run(trial())) == ["a1", "a2", "a3", "b1", "c1"]


def test_more_than_may_wait_are_refused_at_once_and_a_slot_given_up_is_free_again() -> None:
    async def trial() -> None:
        limiter = RequestLimiter(max_active=1, max_active_per_user=1, max_waiting_per_user=1)
        async with limiter.slot("a"):
            waiting = asyncio.create_task(limiter.slot("a").__aenter__())
            await asyncio.wait([waiting], timeout=0.01)
            with pytest.raises(StudioError) as refused:
                await limiter.slot("a").__aenter__()
            assert refused.value.status == 429 and refused.value.details["retry_after"] > 0
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        async with asyncio.timeout(1), limiter.slot("a"):
            pass

    asyncio.run(trial())
