"""Messages in Redis: what cannot be read is kept aside, and the worker goes on."""

import json

import redis
from kombu import Connection, Queue

from app.broker.redis_queue import UNREADABLE, RedisTransport
from tests.app.broker.messages import BROKEN, message


def test_worker_passes_over_broken_messages_and_gets_the_good_one(redis_url: str, caplog):
    client = redis.Redis.from_url(redis_url)
    for content in BROKEN.values():
        client.lpush("train", content)
    client.lpush("train", json.dumps(message("job-1")))
    got: list[object] = []
    with Connection(redis_url, transport=RedisTransport) as connection:
        consumer = connection.Consumer(Queue("train"), on_message=lambda found: (got.append(found.body), found.ack()))
        with consumer:
            while not got:
                connection.drain_events(timeout=5)
    assert got and "job-1" in str(got[0])
    assert client.llen(UNREADABLE) == len(BROKEN) and caplog.text.count("cannot be read") == len(BROKEN)


def test_broken_messages_are_kept_aside_when_a_queue_is_read_at_once(redis_url: str):
    client = redis.Redis.from_url(redis_url)
    client.lpush("train", b"{}", json.dumps(message("job-1")))
    with Connection(redis_url, transport=RedisTransport) as connection:
        assert connection.channel()._get("train")["headers"]["task"] == "studio.work"
    assert client.lrange(UNREADABLE, 0, -1) == [b"{}"]
