"""Pixels of pictures that may declare any size."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from infoplane.embed.manifest import TooLargeError

PIXELS = 2**27
FRAMES = 10_000
STRIP = 256  # rows


@contextmanager
def opened(data: bytes, kind: str, width: int, height: int, frames: int = 1) -> Iterator[Image.Image]:
    """A picture of this format and declared size, for Pillow to decode.

    Raises:
        TooLargeError: more pixels than are safe to decode (of a film, eight times as many in all).
    """
    if width * height > PIXELS or width * height * frames > 8 * PIXELS or frames > FRAMES:
        raise TooLargeError(f"{width} x {height} pixels" + f" in {frames} frames" * (frames > 1) + " are too many")
    with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(data), formats=[kind]) as image:
        yield image


def digest(image: Image.Image) -> str:
    """Of the size and the pixels as RGBA, a strip at a time."""
    total = hashlib.sha256(f"{image.width} {image.height} ".encode())
    for top in range(0, image.height, STRIP):
        strip = image.crop((0, top, image.width, min(top + STRIP, image.height)))
        total.update(strip.convert("RGBA").tobytes())
    return total.hexdigest()
