"""To which column of the user's table the contribution of a feature belongs."""

from __future__ import annotations

import re

from cauce.core.bundle.features import Feature
from cauce.expr.kinds import columns_of

_ENDS = re.compile(r"[:=]")


def source_of(feature: Feature) -> str:
    """The column that the feature reads; where it reads several, what its name begins with.

    A feature's name begins with the column, formula or PCA it is made of, then ":" or "=" and what was
    made: "carrier=UA" is a part of carrier, "shape:2" one of the components shape.
    """
    columns = columns_of(feature.expression)
    if len(columns) == 1:
        return columns[0]
    own = [one for one in columns if feature.name == one or feature.name.startswith((f"{one}:", f"{one}="))]
    if own:
        return max(own, key=len)
    return _ENDS.split(feature.name, maxsplit=1)[0] or feature.name
