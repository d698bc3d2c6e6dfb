"""Messages in Redis: what cannot be read is moved to a list of its own instead of ending the worker."""

import logging
from queue import Empty
from typing import Any

from kombu.transport import redis

from app.broker.message import UnreadableMessage, parse

UNREADABLE = "studio:unreadable"
# Newest messages that were moved aside; older ones are dropped.
KEPT = 100

log = logging.getLogger(__name__)


class RedisChannel(redis.Channel):  # type: ignore[misc]
    """kombu's Redis channel that parses messages itself."""

    def _brpop_read(self, **options: Any) -> bool:
        try:
            try:
                found = self.client.parse_response(self.client.connection, "BRPOP", **options)
            except self.connection_errors:
                # The next round connects again.
                self.client.connection.disconnect()
                raise
            if not found:
                raise Empty
            queue = found[0].decode().rsplit(self.sep, 1)[0]
            self._queue_cycle.rotate(queue)
            message = self._parsed(found[1], queue)
            if message is not None:
                self.connection._deliver(message, queue)
            return True
        finally:
            self._in_poll = None
            self._flush_brpop_reauth()

    def _get(self, queue: str) -> dict[str, Any]:
        with self.conn_or_acquire() as client:
            for priority in self.priority_steps:
                while item := client.rpop(self._q_for_pri(queue, priority)):
                    message = self._parsed(item, queue)
                    if message is not None:
                        return message
        raise Empty

    def _parsed(self, item: bytes | str, queue: str) -> dict[str, Any] | None:
        content = item if isinstance(item, bytes) else item.encode()
        try:
            return parse(content)
        except UnreadableMessage as error:
            log.warning("a message cannot be read and is moved to %s: queue=%s: %s", UNREADABLE, queue, error)
            with self.conn_or_acquire() as client:
                client.lpush(UNREADABLE, content)
                client.ltrim(UNREADABLE, 0, KEPT - 1)
            return None


class RedisTransport(redis.Transport):  # type: ignore[misc]
    """kombu's Redis transport with the channel above."""

    Channel = RedisChannel
