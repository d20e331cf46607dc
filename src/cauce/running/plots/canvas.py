"""What every plot shares: figure, colours and line styles, local numbers on axes, and the file."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cauce.language import format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

# Okabe and Ito's colours, which people of every colour vision tell apart; yellow is left out on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
DASHES: tuple[Any, ...] = (
    "-",
    (0, (5, 2)),
    (0, (1, 1.2)),
    (0, (6, 2, 1, 2)),
    "-",
    (0, (5, 2)),
    (0, (1, 1.2)),
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
GREY = "#5a5a5a"
_DPI = 120
_CHARACTERS_PER_INCH = 13
_STYLE: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "text.parse_math": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 12,
    "axes.grid": False,
    "grid.color": "#dddddd",
    "legend.frameon": False,
    "figure.facecolor": "white",
}
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@contextmanager
def drawn(file: Path, size: tuple[float, float] = (6.4, 5.2)) -> Iterator[Figure]:
    """A figure of `size` inches that becomes the PNG `file`; equal figures become equal bytes.

    It belongs to no window system and to no list of open figures, so nothing stays behind.
    """
    import matplotlib as mpl  # noqa: PLC0415 - heavy
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415
    from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: PLC0415

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12)
        figure = Figure(figsize=size, dpi=_DPI, layout=layout)
        yield figure
        # Not savefig, which draws everything once more for the layout's sake.
        canvas: Any = FigureCanvasAgg(figure)
        canvas.print_png(file, metadata={"Software": None}, pil_kwargs={"compress_level": 3})


def caption(figure: Figure, text: str) -> None:
    """A small line under the plot: how many rows, and what is not seen at once."""
    width = round(figure.get_figwidth() * _CHARACTERS_PER_INCH)
    figure.supxlabel(textwrap.fill(text, width), fontsize=8.5, color=GREY)


def numbers(axis: Axis, name: str) -> None:
    """Name `axis` and write its numbers in the active language, large and small ones by a power of ten."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: PLC0415

    axis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    low, high = axis.get_view_interval()
    power = _power(max(abs(low), abs(high)))
    ticks = [tick / 10**power for tick in axis.get_majorticklocs()]
    digits = _digits(ticks)
    axis.set_major_formatter(FuncFormatter(lambda x, _: format_number(x / 10**power + 0.0, digits=digits)))
    axis.set_label_text(f"{name} (×10{str(power).translate(_SUPERSCRIPTS)})" if power else name)


def _power(largest: float) -> int:
    """A multiple of 3, 0 where numbers are readable as they are."""
    if largest == 0 or 1e-3 <= largest < 1e6:
        return 0
    return 3 * math.floor(math.log10(largest) / 3)


def _digits(ticks: list[float]) -> int:
    """The decimals that tell the ticks apart and write them fully."""
    return next((n for n in range(10) if all(abs(x - round(x, n)) < 1e-9 * max(1, abs(x)) for x in ticks)), 9)


def unit_square(axes: Axes, *, across: str, up: str) -> None:
    """Both axes from 0 to 1 with a little air, named."""
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.grid(visible=True)
    for axis, name in ((axes.xaxis, across), (axes.yaxis, up)):
        shares(axis, name)


def shares(axis: Axis, name: str) -> None:
    """Name `axis` and write shares between 0 and 1 in the active language."""
    from matplotlib.ticker import FuncFormatter  # noqa: PLC0415

    axis.set_ticks([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    axis.set_major_formatter(FuncFormatter(lambda x, _: format_number(x, digits=1)))
    axis.set_label_text(name)


def legend_below(axes: Axes, of: Axes | None = None) -> None:
    """The legend of these axes, or `of` others, under them, where it can hide nothing."""
    handles, names = (of or axes).get_legend_handles_labels()
    columns = 1 if any(len(name) > 30 for name in names) else 2
    place = axes.legend(handles, names, ncols=columns, fontsize=9, loc="upper center", borderaxespad=4.2)
    place.set_bbox_to_anchor((0.5, 0), transform=axes.transAxes)
