"""The fictional demo town 淙溪街道: `build(seed, grids, reports)` and `Town.write(directory)`."""

from gridmap.demo.town import Town, build

__all__ = ["Town", "build"]
