"""Draws scale curves: every figure that names a curve, and what was measured beside it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import Figure

FOLDER = Path(__file__).parents[1] / "docs" / "performance"
DOTS_PER_INCH = 80  # keeps a file below 30 KB


def draw(figures: Sequence[Figure], folder: Path = FOLDER) -> list[Path]:
    """Draw one PNG for each curve of two points or more; return the files."""
    curves: dict[str, list[Figure]] = defaultdict(list)
    for figure in figures:
        if figure.curve is not None and figure.at is not None:
            curves[figure.curve].append(figure)
    folder.mkdir(parents=True, exist_ok=True)
    return [_draw(name, points, folder) for name, points in curves.items() if len(points) > 1]


def _draw(name: str, points: Sequence[Figure], folder: Path) -> Path:
    import matplotlib as mpl  # noqa: PLC0415 - half a second, and only plots need it

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after the choice of what draws

    series: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for figure in points:
        series["lifeledger"].append((figure.at or 0, figure.value))
        for each in figure.neighbours:
            series[each.name].append((figure.at or 0, each.value))
    drawing, axes = plt.subplots(figsize=(7, 4))
    for label, values in series.items():
        axes.plot(*zip(*sorted(values), strict=True), marker="o", label=label)
    if max(figure.at or 0 for figure in points) > 1000:
        axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_title(name)
    axes.set_ylabel(points[0].unit)
    axes.set_xlabel(name.partition(" by ")[2].partition(",")[0])
    axes.legend()
    axes.grid(visible=True, alpha=0.3)
    path = folder / f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}.png"
    drawing.savefig(path, dpi=DOTS_PER_INCH, bbox_inches="tight")
    plt.close(drawing)
    return path
