"""The peer: huey's SQLite queue with its own consumer, two worker threads and its defaults. Prints tasks per second.

    huey_peer.py FOLDER TASKS

No-op tasks are enqueued first; the clock runs from the start of the consumer until the last one was run.
"""

import logging
import os
import sqlite3
import sys
import threading
import time

import huey
from huey import SqliteHuey

folder, tasks = sys.argv[1], int(sys.argv[2])
logging.disable(logging.CRITICAL)
queue = SqliteHuey(filename=os.path.join(folder, "huey.db"))
lock, done, all_done = threading.Lock(), 0, threading.Event()


@queue.task()
def nothing():
    global done
    with lock:
        done += 1
        if done == tasks:
            all_done.set()


for _ in range(tasks):
    nothing()
consumer = queue.create_consumer(workers=2, worker_type="thread", periodic=False)
began = time.perf_counter()
consumer.start()
if not all_done.wait(600):
    sys.exit("the peer did not finish")
took = time.perf_counter() - began
consumer.stop(graceful=True)
fsync = queue.storage_kwargs.get("fsync", False)
print(f"{tasks / took:.0f} huey {huey.__version__} python {sys.version.split()[0]} sqlite {sqlite3.sqlite_version} fsync {fsync}")
