"""Columns that look as if they named or described people: by their name, and by the shape of their values."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import polars as pl

_LEAST: Final = 20
_SHARE: Final = 0.5
_NEARLY: Final = 0.9

_WORDS: Final = {
    "email": ("email", "mail", "correo", "correos"),
    "telephone": (
        *("phone", "telephone", "telefono", "telefonos", "mobile", "celular", "movil", "fax", "whatsapp"),
    ),
    "document": (
        *("ssn", "passport", "pasaporte", "cedula", "dni", "nif", "nie", "rut", "rfc", "curp", "cuit"),
        *("nit", "identificacion", "documento", "licencia", "license", "iban", "account", "cuenta"),
    ),
    "address": (
        *("address", "direccion", "domicilio", "street", "calle", "zip", "zipcode", "postcode", "postal"),
        *("latitude", "longitude", "latitud", "longitud", "ip"),
    ),
    "birth": ("birth", "birthday", "birthdate", "dob", "nacimiento", "cumpleanos"),
    "name": (
        *("name", "names", "nombre", "nombres", "firstname", "lastname", "surname", "apellido", "apellidos"),
        *("fullname", "username", "usuario", "representante", "firmante", "contratista", "contractor"),
        *("proveedor", "supplier", "vendor", "dueno", "owner", "titular"),
    ),
    "group": (
        *("gender", "sex", "genero", "sexo", "race", "raza", "ethnicity", "etnia", "religion", "nationality"),
        *("nacionalidad", "disability", "discapacidad"),
    ),
    "person": (
        *("patient", "paciente", "person", "persona", "customer", "cliente", "employee", "empleado"),
        *("student", "estudiante", "user", "client", "member", "socio"),
    ),
}
SHOWN_OF_PEOPLE: Final = frozenset(("group",))
"""What is shown of people: groups that must not be treated unequally have to be seen."""
# Words that make a name out of a thing instead of a person.
_THINGS: Final = frozenset(
    (
        *("file", "column", "table", "product", "producto", "plan", "carrier", "airport", "airline"),
        *("company", "city", "ciudad", "type", "tipo", "class", "clase", "model", "modelo", "event"),
        *("entidad", "entity", "departamento", "department", "category", "categoria", "country", "pais"),
        *("species", "feature", "brand", "marca", "host", "estado", "status", "valor", "value"),
        *("contrato", "contract", "proceso", "process", "procedimiento", "proyecto", "project", "unidad"),
    )
)
_IDENTIFYING: Final = frozenset(("id", "nbr", "number", "no", "nr", "num", "numero", "code", "codigo", "key"))

_EMAIL: Final = r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$"
_TELEPHONE: Final = r"^(\+\d{1,3}[\s.-]?)?(\(\d{1,4}\)[\s.-]?)?\d{2,4}([\s.-]\d{2,4}){1,4}$"
_ADDRESS: Final = r"^(\d{1,3}\.){3}\d{1,3}$"
_DOCUMENT: Final = (
    r"^(\d{3}-\d{2}-\d{4}|\d{1,3}(\.\d{3}){2,3}-?[0-9kK]?|\d{6,9}-[0-9kK]|\d{8}[A-HJ-NP-TV-Z])$"
)
_DATE: Final = r"^\d{4}[-./]\d{1,2}[-./]\d{1,2}|^\d{1,2}[-./]\d{1,2}[-./]\d{4}"
_CARD: Final = r"^\d{4}([ -]?\d{4}){2}[ -]?\d{1,7}$"


def named_personal(name: str) -> str | None:
    """What a column's name says it holds of people: a key such as "email", or None."""
    words = _words(name)
    for kind, known in _WORDS.items():
        hit = words & set(known)
        if not hit:
            continue
        if kind == "name" and words & _THINGS:
            continue
        if kind == "person" and not words & _IDENTIFYING and not name.lower().endswith("id"):
            continue
        return kind
    return None


def personal_values(cells: pl.Series) -> tuple[str, float] | None:
    """What most of these values (text, or whole numbers) look like, and their share; None for nothing.

    Cards are checked by Luhn's sum, so that few numbers pass by chance.
    """
    texts = cells.drop_nulls().cast(pl.String)
    if len(texts) < _LEAST:
        return None
    if cells.dtype == pl.Int64:
        return _cards(texts)
    frame = pl.DataFrame({"cell": texts}).select(
        email=pl.col("cell").str.contains(_EMAIL).mean(),
        document=pl.col("cell").str.contains(_DOCUMENT).mean(),
        telephone=(pl.col("cell").str.contains(_TELEPHONE) & ~pl.col("cell").str.contains(_DATE)).mean(),
        address=pl.col("cell").str.contains(_ADDRESS).mean(),
    )
    for kind, share in frame.row(0, named=True).items():
        if share >= (_SHARE if kind == "email" else _NEARLY):
            return kind, float(share)
    return _cards(texts)


def _cards(texts: pl.Series) -> tuple[str, float] | None:
    shaped = texts.filter(texts.str.contains(_CARD))
    if len(shaped) < _SHARE * len(texts):
        return None
    share = sum(map(_luhn, shaped.head(1000))) / min(len(shaped), 1000) * len(shaped) / len(texts)
    return ("card", share) if share >= _SHARE else None


def _luhn(text: str) -> bool:
    digits = [int(one) for one in text if one.isdigit()]
    doubled = (sum(divmod(2 * one, 10)) for one in digits[-2::-2])
    return 13 <= len(digits) <= 19 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _words(name: str) -> set[str]:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", plain)
    return set(re.findall(r"[a-z]+", parted.lower()))
