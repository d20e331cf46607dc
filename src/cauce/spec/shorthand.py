"""The short ways to write feature steps: "impute.median" for a step, one chain for a list of chains."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any, get_args, get_type_hints

from cauce.language import gettext_noop as _
from cauce.spec.features import STEPS, FeatureStep
from cauce.spec.settings import AtLeastOne, before


def _texts() -> tuple[str, ...]:
    texts = []
    for name, declared in STEPS.items():
        texts.append(name)
        if any(item.name == "method" for item in fields(declared)):
            texts += [f"{name}.{method}" for method in get_args(get_type_hints(declared)["method"])]
    return tuple(texts)


SHORT_STEPS = _texts()


def long_step(value: Any) -> Any:
    """The table a short step such as "scale.robust" stands for; anything else as it is."""
    if isinstance(value, str) and value in SHORT_STEPS:
        name, _dot, method = value.partition(".")
        return {"step": name, "method": method} if method else {"step": name}
    return value


def is_one_chain(value: Any) -> bool:
    """Whether `value` writes a single chain, not a list of chains."""
    listed = isinstance(value, (list, tuple))
    return not (listed and any(isinstance(item, (list, tuple)) for item in value))


class StepShorthand:
    """Marks the union of steps: read by the `step` of a table, or from a short text."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        choices = {name: handler.generate_schema(declared) for name, declared in STEPS.items()}
        union = {"type": "tagged-union", "choices": choices, "discriminator": "step"}
        return before(long_step, union)

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        long = handler(core)
        words = _('a feature step, such as "impute.median" or { step = "clip", lower = 0 }')
        return {"anyOf": [{"type": "string", "enum": list(SHORT_STEPS)}, long], "x-expects": words}


class ChainShorthand:
    """Marks the chains of a column: a list of chains, one chain, or one step."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        return before(_chains, handler(source))

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        chains = handler(core)
        chain = chains["items"]
        words = _('a feature step, such as "impute.median", a list of them, or a list of such lists')
        return {"anyOf": [chain["items"], chain, chains], "x-expects": words}


def _chains(value: Any) -> Any:
    if not isinstance(value, (list, tuple)):
        return ((value,),)
    return (value,) if is_one_chain(value) else value


Step = Annotated[FeatureStep, StepShorthand()]
Chain = Annotated[tuple[Step, ...], AtLeastOne()]
Chains = Annotated[tuple[Chain, ...], AtLeastOne(), ChainShorthand()]
