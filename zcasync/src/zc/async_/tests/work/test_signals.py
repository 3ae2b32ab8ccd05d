import os
import subprocess
import sys
import textwrap

from zc.async_.tests import base


PROGRAM = """
import os, signal, sys, threading, time
import transaction, ZODB
from zc.async_ import configure, dispatcher, interfaces, testing
from zc.async_.job import Job
from zc.async_.tests import base

# A coverage measurement has a handler of its own, which would end the
# process by the signal after ours.
signal.signal(signal.SIGTERM, signal.SIG_DFL)
db = ZODB.DB({data!r})
configure.base()
configure.start(db, poll_interval=0.1, drain={drain})
this = dispatcher.get()
testing.get_poll(this, 0)
connection = db.open()
queue = interfaces.IQueue(connection)

def state():
    transaction.begin()
    return bool(queue.dispatchers[this.UUID].activated)

{body}
"""


class Signals(base.ComponentCase):

    def run_program(self, body, drain=10):
        """Run a program with a dispatcher; return status and output."""
        program = PROGRAM.format(
            data=self.path('data.fs'), drain=drain,
            body=textwrap.dedent(body))
        done = subprocess.run(
            [sys.executable, '-c', program], capture_output=True, text=True,
            timeout=120, env={**os.environ, 'PYTHONUNBUFFERED': '1'})
        self.assertNotIn('Traceback', done.stderr)
        return done.returncode, done.stdout.split('\n')[:-1]

    def test_interrupt(self):
        """SIGINT deactivates before KeyboardInterrupt comes."""
        status, lines = self.run_program("""
            try:
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(60)
            except KeyboardInterrupt:
                print(this.activated, state())
            """)
        self.assertEqual((0, ['False False']), (status, lines))

    def test_terminate(self):
        """SIGTERM deactivates and ends the program."""
        status, lines = self.run_program("""
            try:
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(60)
            except SystemExit:
                print(this.activated, state())
                raise
            """)
        self.assertEqual((0, ['False False']), (status, lines))

    def test_drain(self):
        """A running job may end before the exception comes."""
        status, lines = self.run_program("""
            base.GATES[1] = threading.Event()
            job = queue.put(Job(base.wait_for_go, 1))
            transaction.commit()
            testing.wait_for_start(job)
            threading.Timer(0.2, base.GATES[1].set).start()
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except KeyboardInterrupt:
                transaction.begin()
                print(job.result)
            """, drain=60)
        self.assertEqual((0, ['went']), (status, lines))

    def test_lock(self):
        """A lock that the main thread holds does not stop the exit."""
        status, lines = self.run_program("""
            from zc.async_._work import signals
            signals.MOMENT = 0.3
            lock = threading.Lock()
            turn = this._turn
            entered = threading.Event()
            def blocked(full):
                entered.set()
                with lock:
                    turn(full)
            this._turn = blocked
            try:
                with lock:
                    this.wake()
                    entered.wait(60)
                    os.kill(os.getpid(), signal.SIGINT)
            except KeyboardInterrupt:
                print('interrupted', this.activated is False)
            print(this.wait_until_stopped(60), state())
            """)
        self.assertEqual(
            (0, ['interrupted False', 'True False']), (status, lines))

    def test_exit(self):
        """A program that just ends deactivates its dispatcher."""
        status, lines = self.run_program("""
            import atexit
            print('ends')
            """)
        self.assertEqual((0, ['ends']), (status, lines))
        status, lines = self.run_program("""
            da = queue.dispatchers[this.UUID]
            print(da.fence.number)
            """)
        self.assertEqual(['2'], lines)

    def test_restored(self):
        """The handlers from before are put back."""
        status, lines = self.run_program("""
            testing.tear_down_dispatcher(this)
            print(signal.getsignal(signal.SIGINT) is
                  signal.default_int_handler)
            """)
        self.assertEqual(['True'], lines)
