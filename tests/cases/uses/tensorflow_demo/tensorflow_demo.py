# SPDX-License-Identifier: Apache-2.0
"""Loads what TensorFlow 1.14 loads at its start, in its order, by the dynamic loader alone."""
import ctypes
import sys

LIBRARIES = [
    "libcudart.so.10.0",
    "libcuda.so.1",
    "libcublas.so.10.0",
    "libcufft.so.10.0",
    "libcurand.so.10.0",
    "libcusolver.so.10.0",
    "libcusparse.so.10.0",
    "libcudnn.so.7",
]


def place(stem):
    """The file that the loader took."""
    with open("/proc/self/maps") as maps:
        paths = {line.split()[-1] for line in maps if stem in line}
    return " ".join(sorted(paths))


def main():
    cuda = None
    for name in LIBRARIES:
        library = ctypes.CDLL(name)
        print("Successfully opened dynamic library", name, place(name.split(".so")[0] + ".so"))
        if name == "libcuda.so.1":
            cuda = library
    count = ctypes.c_int()
    if cuda.cuInit(0) != 0 or cuda.cuDeviceGetCount(ctypes.byref(count)) != 0:
        sys.exit("CUDA does not answer")
    # every node that was granted can be opened, whatever is behind it
    print("Found", count.value, "device")


main()
