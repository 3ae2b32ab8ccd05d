"""A server's life, with hands that only write down what they do."""
from __future__ import annotations

import unittest

from zc.zk._run.life import LEAVE_SECONDS
from zc.zk._run.life import Life
from zc.zk._run.life import Phase
from zc.zk._run.life import Policy
from zc.zk._run.life import exit_status
from zc.zk._run.life import shown


class Hands:

    def __init__(self):
        self.done = []
        self.count = 0
        self.broken = False

    def start(self):
        if self.broken:
            raise OSError('no more processes')
        self.count += 1
        self.done.append(f'start {self.count}')
        return self.count

    def terminate(self, child):
        self.done.append(f'terminate {child}')

    def kill(self, child):
        self.done.append(f'kill {child}')

    def enter(self):
        self.done.append('enter')

    def leave(self):
        self.done.append('leave')

    def mark(self, up):
        self.done.append('up' if up else 'down')


class LifeCase(unittest.TestCase):

    def begin(self, **policy):
        self.hands = Hands()
        policy = {'drain': 10.0, 'stop_timeout': 20.0, 'ready_timeout': 60.0,
                  **policy}
        self.life = Life(self.hands, Policy(**policy), lambda: 0.0)
        with self.assertNoLogs('zc.zk.run', 'WARNING'):
            self.life.begin(0.0)

    def running(self, **policy):
        """Begin, and be ready at 1 s."""
        self.begin(**policy)
        with self.assertLogs('zc.zk.run', 'INFO'):
            self.life.ready(1.0, 1)
        self.done()

    def done(self):
        """Return what was done since the last call."""
        done, self.hands.done = self.hands.done, []
        return done

    def quietly(self, function, *args):
        """Call, and return the lines that were logged."""
        with self.assertLogs('zc.zk.run', 'INFO') as logs:
            function(*args)
        return [record.getMessage() for record in logs.records]


class Ends(LifeCase):

    def test_in_order(self):
        """It leaves, drains, stops, and ends, one after the other."""
        self.running()
        self.life.end(5.0)
        self.assertEqual(['leave'], self.done())
        self.life.left(6.0)
        self.assertEqual(
            (Phase.DRAINING, 16.0), (self.life.phase, self.life.due()))
        self.life.tick(15.9)
        self.assertEqual([], self.done())
        self.life.tick(16.0)
        self.assertEqual(['terminate 1'], self.done())
        self.assertEqual(36.0, self.life.due())
        self.life.ended(17.0, 1, 0)
        self.assertEqual(
            (Phase.ENDED, 0, None),
            (self.life.phase, self.life.status, self.life.due()))

    def test_kill(self):
        """A child that does not end in time is killed."""
        self.running(drain=0.0)
        self.life.end(5.0)
        self.life.left(5.0)
        self.life.tick(5.0)
        self.quietly(self.life.tick, 25.0)
        self.assertEqual(['leave', 'terminate 1', 'kill 1'], self.done())
        self.life.ended(25.0, 1, -9)
        self.assertEqual(137, self.life.status)

    def test_without_zookeeper(self):
        """Nodes that do not go are waited for, but not for ever."""
        self.running()
        self.life.end(5.0)
        self.quietly(self.life.tick, 5.0 + LEAVE_SECONDS)
        self.assertIs(Phase.DRAINING, self.life.phase)

    def test_second_signal(self):
        """A second signal skips all waiting, whatever is waited for."""
        for left in (lambda: None, lambda: self.life.left(5.05),
                     lambda: (self.life.left(5.05), self.life.tick(15.05))):
            self.running()
            self.life.end(5.0)
            left()
            with self.subTest(self.life.phase):
                self.assertEqual(
                    ['another signal: killing 1'],
                    self.quietly(self.life.end, 16.0))
                self.assertEqual('kill 1', self.done()[-1])
                self.life.ended(16.1, 1, -9)
                self.assertIs(Phase.ENDED, self.life.phase)
                self.life.end(16.2)
                self.assertEqual([], self.done())

    def test_second_signal_in_hand_over(self):
        """It kills the old child and the new one, too."""
        self.running()
        self.life.hand_over(2.0)
        self.life.end(5.0)
        self.done()
        self.quietly(self.life.end, 5.1)
        self.assertEqual({'kill 1', 'kill 2'}, set(self.done()[1:]))

    def test_before_ready(self):
        """One that is not ready is stopped at once."""
        self.begin()
        self.life.end(0.5)
        self.assertEqual(['start 1', 'leave', 'terminate 1'], self.done())
        self.life.ended(0.6, 1, -15)
        self.assertEqual(
            (Phase.ENDED, 0), (self.life.phase, self.life.status))

    def test_ready_too_late(self):
        """One that is being stopped does not get ready any more."""
        self.begin()
        self.life.end(0.5)
        self.done()
        self.life.ready(0.6, 1)
        self.assertEqual([], self.done())

    def test_dies_while_draining(self):
        """With the child, the drain ends."""
        self.running()
        self.life.end(5.0)
        self.life.left(5.0)
        self.life.ended(6.0, 1, 4)
        self.assertEqual(
            (Phase.ENDED, 4), (self.life.phase, self.life.status))


class Dies(LifeCase):

    def test_ends(self):
        """It unregisters at once, and ends with the child's status."""
        self.running()
        self.assertEqual(
            ['1 ended (exit status 3)'],
            self.quietly(self.life.ended, 5.0, 1, 3))
        self.assertEqual(['leave'], sorted(set(self.done())))
        self.assertIsNot(Phase.ENDED, self.life.phase)
        self.life.left(5.1)
        self.assertEqual(
            (Phase.ENDED, 3), (self.life.phase, self.life.status))

    def test_restart(self):
        """With restart, it unregisters at once, waits, and starts anew."""
        self.running(restart=True)
        self.quietly(self.life.ended, 5.0, 1, -9)
        self.assertEqual(['leave'], self.done())
        self.life.left(5.1)
        self.assertEqual(5.5, self.life.due())
        self.life.tick(5.5)
        self.quietly(self.life.ready, 6.0, 2)
        self.assertEqual(['start 2', 'enter'], self.done())

    def test_end_while_waiting(self):
        """A signal ends the waiting for a restart."""
        self.running(restart=True)
        self.quietly(self.life.ended, 5.0, 1, -9)
        self.life.end(5.1)
        self.assertIs(Phase.ENDED, self.life.phase)

    def test_never_ready(self):
        """One that is not ready in time is stopped; that is a failure."""
        self.begin()
        self.quietly(self.life.tick, 60.0)
        self.assertEqual(['start 1', 'leave', 'terminate 1'], self.done())
        self.life.ended(61.0, 1, 0)
        self.assertEqual(
            (Phase.ENDED, 2), (self.life.phase, self.life.status))

    def test_never_ready_restart(self):
        """With restart, it is started again instead."""
        self.begin(restart=True)
        self.quietly(self.life.tick, 60.0)
        self.assertEqual(['start 1', 'terminate 1'], self.done())
        self.quietly(self.life.ended, 61.0, 1, -15)
        self.life.tick(61.5)
        self.assertIn('start 2', self.done())

    def test_cannot_start(self):
        """If it cannot be started again, that is tried once more."""
        self.running(restart=True)
        self.quietly(self.life.ended, 5.0, 1, -9)
        self.hands.broken = True
        self.assertIn('cannot start the command: no more processes',
                      self.quietly(self.life.tick, 5.5))
        self.hands.broken = False
        self.life.tick(6.5)
        self.assertEqual(2, self.life.current)

    def test_refused(self):
        """What cannot be registered is stopped; that is a failure."""
        self.running()
        self.assertEqual(
            ['no node'], self.quietly(self.life.refused, 2.0, 'no node'))
        self.life.ended(3.0, 1, 0)
        self.assertEqual(
            (Phase.ENDED, 2), (self.life.phase, self.life.status))


class HandsOver(LifeCase):

    def test_in_order(self):
        """The old child is stopped when the new one is ready."""
        self.running()
        self.life.hand_over(5.0)
        self.assertEqual(['start 2'], self.done())
        self.quietly(self.life.ready, 6.0, 2)
        self.assertEqual(['up', 'terminate 1'], self.done())
        self.assertEqual(26.0, self.life.due())
        self.life.ended(7.0, 1, 0)
        self.assertEqual(
            (Phase.RUNNING, None), (self.life.phase, self.life.due()))

    def test_new_one_dies(self):
        """If the new child ends, the old one stays."""
        self.running()
        self.life.hand_over(5.0)
        self.quietly(self.life.ended, 5.5, 2, 1)
        self.assertEqual(['start 2'], self.done())
        self.assertEqual(
            (1, None, None),
            (self.life.current, self.life.next, self.life.due()))

    def test_new_one_is_late(self):
        """If the new child is not ready in time, it is stopped."""
        self.running()
        self.life.hand_over(5.0)
        self.quietly(self.life.tick, 65.0)
        self.assertEqual(['start 2', 'terminate 2'], self.done())
        self.life.ended(66.0, 2, -15)
        self.assertEqual((Phase.RUNNING, 1),
                         (self.life.phase, self.life.current))

    def test_old_one_dies(self):
        """If the old child dies meanwhile, the new one is registered."""
        self.running()
        self.life.hand_over(5.0)
        self.quietly(self.life.ended, 5.5, 1, -9)
        self.quietly(self.life.ready, 6.0, 2)
        self.assertEqual(['start 2', 'leave', 'enter'], self.done())

    def test_end(self):
        """A signal stops both."""
        self.running()
        self.life.hand_over(5.0)
        self.life.end(5.5)
        self.life.left(5.5)
        self.life.tick(15.5)
        self.assertEqual(['start 2', 'terminate 2', 'leave', 'terminate 1'],
                         self.done())
        self.life.ended(16.0, 1, 0)
        self.assertIs(Phase.STOPPING, self.life.phase)
        self.life.ended(16.0, 2, 0)
        self.assertIs(Phase.ENDED, self.life.phase)

    def test_not_now(self):
        """While one starts, another hand-over is refused."""
        self.begin()
        self.quietly(self.life.hand_over, 0.5)
        self.quietly(self.life.ready, 1.0, 1)
        self.life.hand_over(5.0)
        self.quietly(self.life.hand_over, 5.5)
        self.assertEqual(['start 1', 'enter', 'start 2'], self.done())

    def test_cannot_start(self):
        """If no new child can be started, the old one goes on."""
        self.running()
        self.hands.broken = True
        self.quietly(self.life.hand_over, 5.0)
        self.assertEqual(
            (Phase.RUNNING, 1, None),
            (self.life.phase, self.life.current, self.life.due()))

    def test_cannot(self):
        """Without a common socket, it is refused."""
        self.running(hand_over=False)
        self.assertIn(
            'use {fd}', self.quietly(self.life.hand_over, 5.0)[0])
        self.assertEqual([], self.done())


class Checked(LifeCase):

    def test_first_success(self):
        """The first check that passes makes it ready."""
        self.begin()
        self.life.checked(0.5, 1, 'refused')
        self.assertEqual(['start 1'], self.done())
        self.quietly(self.life.checked, 1.0, 1, '')
        self.assertEqual(['enter'], self.done())

    def test_down_and_up(self):
        """While it is down, each check tells it again; then it is up."""
        self.running()
        for _ in range(2):
            self.life.checked(2.0, 1, 'slow')
        self.assertEqual([], self.done())
        self.assertEqual(
            ['1 is down: slow'],
            self.quietly(self.life.checked, 3.0, 1, 'slow'))
        self.life.checked(4.0, 1, 'slow')
        self.assertEqual(['down', 'down'], self.done())
        self.life.checked(5.0, 1, '')
        self.assertEqual(['down'], self.done())
        self.quietly(self.life.checked, 6.0, 1, '')
        self.assertEqual(['up'], self.done())

    def test_down_at_hand_over(self):
        """A new child is up, whatever the old one was."""
        self.running(down_after=1)
        self.quietly(self.life.checked, 3.0, 1, 'slow')
        self.life.hand_over(4.0)
        self.quietly(self.life.ready, 5.0, 2)
        self.life.checked(6.0, 1, 'slow')
        self.assertEqual(
            ['down', 'start 2', 'up', 'terminate 1'], self.done())

    def test_leaving(self):
        """What is checked while it leaves changes nothing."""
        self.running(down_after=1)
        self.life.end(2.0)
        self.done()
        self.life.checked(3.0, 1, 'slow')
        self.life.checked(3.0, 1, '')
        self.assertEqual([], self.done())


class Words(unittest.TestCase):

    def test_exit_status(self):
        """A signal is 128 more; the one it was asked by is none."""
        for expected, status, asked in [
                (0, 0, False), (3, 3, False), (137, -9, False),
                (143, -15, False), (0, -15, True), (0, 143, True),
                (137, -9, True), (3, 3, True)]:
            with self.subTest(status=status, asked=asked):
                self.assertEqual(expected, exit_status(status, asked))

    def test_shown(self):
        """A status is told in words."""
        self.assertEqual(('exit status 3', 'signal 9'),
                         (shown(3), shown(-9)))
