"""Density as a picture to lay over a map."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Clear, then sand, orange, crimson, aubergine: share of the maximum, red, green, blue, opacity.
_STOPS = np.array(
    [
        (0.00, 253, 227, 174, 0),
        (0.04, 253, 227, 174, 0),
        (0.22, 253, 227, 174, 150),
        (0.50, 242, 146, 90, 190),
        (0.78, 181, 49, 76, 210),
        (1.00, 74, 25, 66, 225),
    ]
)


def picture(surface: NDArray[np.float64]) -> bytes:
    """A PNG with an alpha channel; `surface` is any density >= 0, row 0 in the south, painted as shares of
    its maximum. An empty surface is a clear picture."""
    peak = float(surface.max(initial=0.0))
    share = surface / peak if peak > 0 else np.zeros_like(surface)
    index = np.rint(share[::-1] * 255).astype(np.uint8)
    steps = np.arange(256) / 255
    palette = np.rint([np.interp(steps, _STOPS[:, 0], _STOPS[:, channel]) for channel in range(1, 5)])
    image = Image.fromarray(index).convert("P")
    image.putpalette(palette[:3].T.astype(np.uint8).tobytes())
    out = io.BytesIO()
    image.save(out, "PNG", transparency=palette[3].astype(np.uint8).tobytes(), optimize=True)
    return out.getvalue()
