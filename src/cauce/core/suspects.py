"""What looks like a missing value written as a text or a number."""

from __future__ import annotations

WORDS = (
    *("?", "-", "--", ".", "n/a", "na", "#n/a", "nan", "null", "none", "nil", "(null)", "missing"),
    *("unknown", "not available", "not applicable", "no definido", "no definida", "no aplica"),
    *("sin dato", "sin datos", "sin información", "no disponible", "s/d", "s/i", "nd", "n.d."),
    *("no especificado", "no registra", "desconocido", "desconocida", "no informado", "-999", "-9999"),
)
"""In lower case, without blanks around."""
NUMBERS = (-999, -9999, -99999)
