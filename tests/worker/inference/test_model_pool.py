"""The least recently used model is dropped."""

from worker.inference.model_pool import LruCache


def test_least_recently_used_model_is_dropped() -> None:
    cache: LruCache[str] = LruCache(2)
    loaded: list[str] = []

    def get(name: str) -> str:
        return cache.get(name, lambda: loaded.append(name) or name.upper())  # type: ignore[func-returns-value]

    assert [get(name) for name in ("a", "b", "a", "c", "a", "b")] == ["A", "B", "A", "C", "A", "B"]
    assert loaded == ["a", "b", "c", "b"]
    assert cache.names() == ["a", "b"] and len(cache) == 2
