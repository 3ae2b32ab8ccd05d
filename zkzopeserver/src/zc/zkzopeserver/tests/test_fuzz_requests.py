"""A short run of the fuzzer, and that it finds what is wrong."""
from __future__ import annotations

import random
import unittest

from zc.zkzopeserver.tests import fuzz_requests
from zc.zkzopeserver.tests.fuzz_requests import Answer
from zc.zkzopeserver.tests.fuzz_requests import Fault
from zc.zkzopeserver.tests.fuzz_requests import Fuzzer
from zc.zkzopeserver.tests.support import EngineCase
from zc.zkzopeserver.tests.support import for_engines


class ShortTests(EngineCase):

    def test_some(self):
        """Some hundred mutated requests do no harm."""
        serving = self.serve(
            fuzz_requests.application, **fuzz_requests.OPTIONS)
        fuzzer = Fuzzer(serving.address, 1)
        for _ in range(200):
            fuzzer.attack()
        self.assertGreaterEqual(fuzzer.counts['sent'], 200)
        for name in ('calls', 'compared', 'status 200', 'status 400'):
            self.assertGreater(fuzzer.counts[name], 10, name)

    def test_hidden_call(self):
        """A call that nobody asked for is seen."""
        def application(environ, start_response):
            if environ['PATH_INFO'] != '/good':
                fuzz_requests.application.calls += 1
            return fuzz_requests.application(environ, start_response)

        serving = self.serve(application, **fuzz_requests.OPTIONS)
        fuzzer = Fuzzer(serving.address, 1)
        with self.assertRaisesRegex(Fault, 'calls, .* answers; sent: b'):
            for _ in range(200):
                fuzzer.attack()


class FuzzerTests(unittest.TestCase):

    def test_seed(self):
        """The same seed sends the same bytes."""
        one, two = (random.Random(7) for _ in range(2))
        sent = [fuzz_requests.mutated(one) for _ in range(100)]
        self.assertEqual(
            sent, [fuzz_requests.mutated(two) for _ in range(100)])
        self.assertGreater(len(set(sent)), 50)

    def test_malformed_answers(self):
        """An answer that is none is a fault."""
        for raw in (b'x', b'HTTP/1.1 200 OK\r\n\r\n',
                    b'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab',
                    b'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n',
                    b'HTTP/1.1 200 OK\r\nA: b\r\nA: b\r\n\r\n',
                    b'HTTP/1.1 x OK\r\nContent-Length: 0\r\n\r\n'):
            with self.subTest(raw), self.assertRaises(Fault):
                Answer(raw)


def test_suite():
    return unittest.TestSuite([
        for_engines(ShortTests),
        unittest.defaultTestLoader.loadTestsFromTestCase(FuzzerTests)])
