"""A computed picture: a real PNG without a file or a library."""

import struct
import zlib

WIDTH, HEIGHT = 640, 400
DAWN, NOON = (244, 114, 82), (38, 70, 160)


def gradient() -> bytes:
    """A sky from `NOON` above to `DAWN` below, with a sun, in 8-bit RGB."""
    rows = b"".join(b"\0" + b"".join(_pixel(x, y) for x in range(WIDTH)) for y in range(HEIGHT))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")


def _pixel(x: int, y: int) -> bytes:
    if (x - 440) ** 2 + (y - 270) ** 2 < 60**2:
        return bytes((255, 214, 120))
    height = y / (HEIGHT - 1)
    return bytes(round(above + (below - above) * height) for above, below in zip(NOON, DAWN))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
