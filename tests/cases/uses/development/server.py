# SPDX-License-Identifier: Apache-2.0
"""The remote device: answers "version" with what its driver says, until it is told to end."""
import ctypes
import socket
import sys

cuda = ctypes.CDLL("libcuda.so.1")
version = ctypes.c_int()
if cuda.cuInit(0) != 0 or cuda.cuDriverGetVersion(ctypes.byref(version)) != 0:
    sys.exit("CUDA does not answer")
runtime = ctypes.CDLL(sys.argv[1])

with socket.create_server(("127.0.0.1", 0)) as server:
    print("listening on", server.getsockname()[1], flush=True)
    while True:
        peer, _ = server.accept()
        with peer:
            word = peer.recv(64)
            if word == b"end":
                break
            peer.sendall(b"%d %s" % (version.value, runtime._name.encode()))
