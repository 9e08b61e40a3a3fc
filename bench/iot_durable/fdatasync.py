#!/usr/bin/env python3
"""What one fdatasync costs on the disk under a folder: the floor of every durable commit."""
import os
import sys
import time

path = os.path.join(sys.argv[1], "fdatasync.probe")
descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
took = []
for _ in range(300):
    os.write(descriptor, b"x" * 16384)
    start = time.perf_counter()
    os.fdatasync(descriptor)
    took.append((time.perf_counter() - start) * 1e3)
os.close(descriptor)
os.unlink(path)
took.sort()
print(f"fdatasync of 16 KiB appended: median {took[150]:.3f} ms, p99 {took[296]:.3f} ms")
