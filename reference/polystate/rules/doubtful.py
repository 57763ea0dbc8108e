"""What is doubtful but not wrong."""

from __future__ import annotations

from polystate.errors import AdpCountedTwice, UnknownOperator
from polystate.model.model import Model
from polystate.model.pins import pins
from polystate.rules.documents import unknown_keys
from polystate_schemas.registry import entries


def warnings(dep: Model, sound: bool = True) -> list[dict[str, str]]:
    """What is doubtful but not wrong; sound: the payloads are valid, so that the atoms they cover are known."""
    result = []
    for path, pointer in unknown_keys(dep.tree):
        result.append(warning("schema", "unknown-key", f"{path}#{pointer}", "kept and ignored"))
    for pin in pins(dep.tree):
        if pin.id not in entries():  # OPR-30
            message = f"{pin.id} is unknown here: what it contributes to is refused, all else is answered"
            result.append(warning("operator", UnknownOperator.code, f"{pin.where}/id", message))
    gaussians = [d for d in dep.descriptors.values() if d.is_gaussian]
    for d in dep.descriptors.values():
        if d.signal_type == "unknown":
            result.append(warning("semantic", "unknown-signal", d.path, "signal_type unknown: ignored by evaluation"))
        if sound and d.is_gaussian and d.document.get("adp_content") == "unknown":
            if any((d.covered & o.covered).any() for o in gaussians if o is not d):
                message = "adp_content unknown beside another Gaussian descriptor: summed"
                result.append(warning("semantic", AdpCountedTwice.code, d.path, message))
    return result


def warning(stage: str, code: str, where: str, message: str) -> dict[str, str]:
    """A warning in the shape in which it is printed."""
    return {"stage": stage, "code": code, "where": where, "message": message}
