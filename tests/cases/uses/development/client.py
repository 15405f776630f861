# SPDX-License-Identifier: Apache-2.0
"""client.py PORT: what this side's driver says, then the remote device's; leaves a file for its user."""
import ctypes
import socket
import sys

cuda = ctypes.CDLL("libcuda.so.1")
count = ctypes.c_int()
if cuda.cuInit(0) != 0 or cuda.cuDeviceGetCount(ctypes.byref(count)) != 0:
    sys.exit("CUDA does not answer")
print("here", count.value)
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10) as peer:
    peer.sendall(b"version")
    print("there", peer.recv(256).decode())
with open("result", "w") as result:
    result.write("done\n")
