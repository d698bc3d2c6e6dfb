"""Slots are granted in rotation between users, and a cancelled wait loses none."""

import asyncio

from worker.inference.reply_slots import ReplySlots


def test_slots_are_granted_in_rotation_between_users():
    async def play() -> list[str]:
        slots, served = ReplySlots(1), []
        await slots.acquire("first")

        async def ask(asker: str, name: str) -> None:
            await slots.acquire(asker)
            served.append(name)
            slots.release()

        waiting = [asyncio.create_task(ask("ann", f"ann {n}")) for n in range(3)]
        await asyncio.sleep(0)
        waiting.append(asyncio.create_task(ask("bob", "bob 0")))
        await asyncio.sleep(0)
        slots.release()
        await asyncio.gather(*waiting)
        return served

    assert asyncio.run(play()) == ["ann 0", "bob 0", "ann 1", "ann 2"]


def test_cancelled_wait_takes_no_slot():
    async def play() -> tuple[int, int]:
        slots = ReplySlots(1)
        await slots.acquire("first")
        waits = [asyncio.create_task(slots.acquire("ann")) for _ in range(4)]
        await asyncio.sleep(0)
        waits[0].cancel()
        await asyncio.sleep(0)
        slots.release()
        waits[1].cancel()
        await asyncio.gather(*waits[:2], return_exceptions=True)
        await waits[2]
        slots.release()
        await waits[3]
        slots.release()
        return slots.free, slots.waiting

    assert asyncio.run(play()) == (1, 0)
