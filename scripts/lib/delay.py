# A link that delays, for kernels without netem: delay.py COUNT MICROSECONDS makes the Ethernet devices port1 to portN
# and carries what is sent on one to the others, that much later. Says "ready" once they are there; runs until it is
# ended.
import ctypes
import fcntl
import os
import select
import struct
import sys
import time
from collections import deque

TUNSETIFF, TAP, NO_HEADER = 0x400454CA, 0x0002, 0x1000
PR_SET_TIMERSLACK = 29
FRAME = 65536


def device(name):
    port = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(port, TUNSETIFF, struct.pack("16sH22x", name.encode(), TAP | NO_HEADER))
    return port


def send(port, frame):
    try:
        os.write(port, frame)
    except OSError:
        pass  # a device that is not up, or full, loses frames, as a cable does


# Where an address was seen; everybody, for one that was not, or is everybody's.
def receivers(ports, places, source, frame):
    places[frame[6:12]] = source
    place = places.get(frame[:6])
    return [port for port in ports if port != source] if place is None else [place]


# Before all others where it may, and woken when it is time rather than 50 us later: who waits for a frame may keep a
# processor busy.
def hurry():
    ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except OSError:
        pass


def carry(ports, delay):
    places, under_way = {}, deque()
    while True:
        left = max(0, under_way[0][0] - time.monotonic()) if under_way else None
        for port in select.select(ports, [], [], left)[0]:
            arrived = time.monotonic()
            try:
                while True:
                    under_way.append((arrived + delay, port, os.read(port, FRAME)))
            except BlockingIOError:
                pass
        while under_way and under_way[0][0] <= time.monotonic():
            _, source, frame = under_way.popleft()
            for port in receivers(ports, places, source, frame):
                send(port, frame)


if __name__ == "__main__":
    made = [device(f"port{i + 1}") for i in range(int(sys.argv[1]))]
    hurry()
    print("ready", flush=True)
    carry(made, int(sys.argv[2]) / 1e6)
