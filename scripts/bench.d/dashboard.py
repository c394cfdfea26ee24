"""Measures a dashboard in a pseudo-terminal of 200x50; the command that is measured stands behind `--`.

  dashboard.py first TIMES MARKER -- COMMAND...    milliseconds from the start to the marker: median and most
  dashboard.py idle SECONDS [WALK] -- COMMAND...   percent of a core, and MB of memory, of one that nobody touches
  dashboard.py keys TIMES KEY MARKER -- COMMAND... milliseconds from a key to the marker: median, 99th percentile and most

MARKER is text, or several texts with | between them. WALK is keys and how often they are pressed before, one
after the other, as in 1}:10.
"""
import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import sys
import termios
import time

COLUMNS, ROWS = 200, 50
# What a terminal is asked, and what this one answers.
ANSWERS = {b"\x1b[6n": b"\x1b[1;1R", b"\x1b[c": b"\x1b[?62;c", b"\x1b]11;?": b"\x1b]11;rgb:0000/0000/0000\x1b\\"}
ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|[=>78])")
PATIENCE, GRACE = 30, 5
# Before it is measured, a dashboard has read what there is.
SETTLE, ARRIVE = 8, 2


class Dashboard:
    """A program in a pseudo-terminal of its own."""

    def __init__(self, command):
        self.begun = time.perf_counter()
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            become(command)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.seen = ""

    def read(self, until):
        """What it writes until then, and when; nothing when it wrote nothing."""
        ready, _, _ = select.select([self.terminal], [], [], max(0, until - time.perf_counter()))
        if not ready:
            return "", time.perf_counter()
        try:
            data = os.read(self.terminal, 1 << 20)
        except OSError:
            sys.exit(f"the dashboard has ended; the last it wrote was {self.seen[-500:]!r}")
        at = time.perf_counter()
        for question, answer in ANSWERS.items():
            if question in data:
                os.write(self.terminal, answer)
        return data.decode(errors="replace"), at

    def rest(self, seconds):
        """Takes in what it writes for so long."""
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            self.seen = (self.seen + self.read(until)[0])[-100_000:]

    def wait_for(self, marker):
        """When the marker was written, from here on."""
        words, written, until = marker.split("|"), "", time.perf_counter() + PATIENCE
        while time.perf_counter() < until:
            data, at = self.read(until)
            # The marker may come in pieces, but not in many.
            written = (written + data)[-200_000:]
            text = ESCAPES.sub("", written)
            if any(word in text for word in words):
                return at
        sys.exit(f"{marker!r} was not shown; the last that was written is {written[-500:]!r}")

    def press(self, key):
        """Types a key; returns when."""
        at = time.perf_counter()
        os.write(self.terminal, key.encode())
        return at

    def processor_time(self):
        """Seconds that its threads have computed."""
        fields = open(f"/proc/{self.pid}/stat").read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """MB that are resident."""
        status = open(f"/proc/{self.pid}/status").read()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1000

    def end(self):
        """Asks it to end, and waits for that."""
        os.kill(self.pid, signal.SIGTERM)
        until = time.perf_counter() + GRACE
        while time.perf_counter() < until:
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                os.close(self.terminal)
                return
            # One that writes while nobody reads would never end.
            if select.select([self.terminal], [], [], 0.01)[0]:
                try:
                    os.read(self.terminal, 1 << 20)
                except OSError:
                    pass
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


def become(command):
    """Goes on as the command, once the terminal has its size."""
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    environment = dict(os.environ, TERM="xterm-256color", LANG="C.UTF-8", LC_ALL="C.UTF-8")
    os.execvpe(command[0], command, environment)


def first(times, marker, command):
    """The way to the first frame, over and over."""
    took = []
    for _ in range(int(times)):
        dashboard = Dashboard(command)
        took.append((dashboard.wait_for(marker) - dashboard.begun) * 1000)
        dashboard.end()
    return f"{statistics.median(took):.1f} {max(took):.1f}"


def idle(seconds, walk, command):
    """One that is only looked at."""
    dashboard = Dashboard(command)
    dashboard.rest(SETTLE)
    pressed, _, times = walk.partition(":")
    for key in pressed * int(times or 0):
        dashboard.press(key)
        dashboard.rest(ARRIVE)
    before, begun = dashboard.processor_time(), time.perf_counter()
    dashboard.rest(float(seconds))
    used = (dashboard.processor_time() - before) / (time.perf_counter() - begun)
    memory = dashboard.memory()
    dashboard.end()
    return f"{used * 100:.2f} {memory:.1f}"


def keys(times, key, marker, command):
    """A key that opens something, and Escape, over and over."""
    dashboard = Dashboard(command)
    dashboard.rest(SETTLE)
    took = []
    for number in range(int(times)):
        # Not in step with frames and batches.
        dashboard.rest(0.2 + number % 17 / 1000)
        pressed = dashboard.press(key)
        took.append((dashboard.wait_for(marker) - pressed) * 1000)
        dashboard.rest(0.1)
        dashboard.press("\x1b")
    dashboard.end()
    took.sort()
    return f"{statistics.median(took):.1f} {took[int(len(took) * 0.99)]:.1f} {took[-1]:.1f}"


def main():
    split = sys.argv.index("--")
    (what, *arguments), command = sys.argv[1:split], sys.argv[split + 1 :]
    if what == "idle":
        arguments = (arguments + [""])[:2]
    print({"first": first, "idle": idle, "keys": keys}[what](*arguments, command))


main()
