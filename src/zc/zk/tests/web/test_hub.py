"""Tests of hub: messages to all streams, and slow readers."""
from __future__ import annotations

import asyncio
import unittest
from unittest import mock

from zc.zk._web import hub
from zc.zk._web.hub import Hub
from zc.zk._web.hub import encode


class Hubs(unittest.IsolatedAsyncioTestCase):

    async def test_all(self):
        """All readers get what is published, in order."""
        found = Hub()
        found.status = lambda: {'connected': True}
        streams = [found.open(), found.open()]
        found.publish([('changes', {'n': 1}), ('status', None)], 7)
        found.publish([('reload', {})])
        for stream in streams:
            text = await stream.take(60)
            while b'reload' not in text:
                text += await stream.take(60)
            self.assertEqual(
                b'id: 7\nevent: changes\ndata: {"n":1}\n\n'
                b'event: status\ndata: {"connected":true}\n\n'
                b'event: reload\ndata: {}\n\n', text)

    async def test_known(self):
        """A reader does not get what it knows already, also if that was
        published before it was known.
        """
        found = Hub()
        stream = found.open()
        found.publish([('changes', {'n': 6})], 6)
        found.publish([('reload', {})])
        found.publish([('changes', {'n': 9})], 9)
        while len(stream._waiting) < 3:
            await asyncio.sleep(0)
        stream.knows(8)
        found.publish([('changes', {'n': 7})], 7)
        found.publish([('changes', {'n': 10})], 10)
        text = await stream.take(60)
        while b'"n":10' not in text:
            text += await stream.take(60)
        self.assertNotIn(b'"n":6', text)
        self.assertNotIn(b'"n":7', text)
        self.assertIn(b'"n":9', text)
        self.assertIn(b'reload', text)

    async def test_slow(self):
        """A reader that does not take what comes is dropped, and what
        waited for it is forgotten; the others go on.
        """
        found = Hub()
        slow, other = found.open(), found.open()
        with mock.patch.object(hub, 'MOST_WAITING', 1000):
            while not slow.dropped.is_set():
                found.publish([('changes', {'n': 'x' * 100})])
                await other.take(60)
        self.assertEqual(0, len(slow._waiting))
        slow.put(b'more')
        self.assertEqual(0, len(slow._waiting))
        self.assertFalse(other.dropped.is_set())

    async def test_many(self):
        """There are only so many streams; one that ended makes room."""
        found = Hub()
        with mock.patch.object(hub, 'MOST_STREAMS', 2):
            first, _ = found.open(), found.open()
            with self.assertRaises(hub.Full):
                found.open()
            found.close(first)
            found.open()
        self.assertEqual(2, len(found))

    async def test_end(self):
        """All streams end with the server."""
        found = Hub()
        stream = found.open()
        found.close_all()
        await asyncio.wait_for(stream.dropped.wait(), 60)

    async def test_silence(self):
        """One does not wait for messages for ever."""
        self.assertEqual(b'', await Hub().open().take(0.001))

    async def test_nobody(self):
        """Where nobody listens, nothing is computed."""
        found = Hub()
        found.status = mock.Mock()
        found.publish([('status', None)])
        self.assertFalse(found.status.called)


class Loops(unittest.TestCase):

    def test_loop_that_ended(self):
        """A stream whose event loop has ended is no obstacle."""
        found = Hub()

        async def leave_open():
            found.open()

        asyncio.run(leave_open())
        found.publish([('reload', {})])

    def test_one_line(self):
        """Whatever a document holds, it is sent in one line of ASCII."""
        text = encode('changes', {'a': 'x\n\nevent: y\r\u2028\ud800\xff'}, 3)
        self.assertEqual(
            b'id: 3\nevent: changes\ndata: {"a":"x\\n\\nevent: '
            b'y\\r\\u2028\\ud800\\u00ff"}\n\n', text)
