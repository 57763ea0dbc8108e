"""Mistakes where two features meet: what is right for each alone, and kept, read or judged for the other's sake."""

import numpy as np

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

EVALUATE, RENDERING = "polystate.evaluation.evaluate", "polystate.evaluation.rendering"


@fault("conditions-of-one-operator-shared", "polystate.model.model:Model.conditions", "gaussian", "displacement")
def _(original):
    """Two descriptors of one operator have the conditions of the first, by their numbers."""
    kept: dict[int, tuple[object, dict]] = {}

    def wrong(self, d):
        if d.is_discrete:
            return original(self, d)
        return kept.setdefault(id(self), (self, {}))[1].setdefault(d.operator, original(self, d))

    return wrong


@fault("all-states-hold-for-the-inactive", f"{EVALUATE}:condition_holds", "gaussian", "displacement", "axes")
def _(original):
    """A clause that names all states of a variable holds where it is inactive, in conditions of payloads."""

    def holds(d, number, request):
        sizes, joint = request.dep.states.dag.n_states, request.joint
        condition = request.dep.conditions(d)[number]
        return all(joint[c.variable] in c.states or len(c.states) == sizes[c.variable] for c in condition)

    return lambda d, numbers, request: np.array([n == -1 or holds(d, n, request) for n in np.asarray(numbers).tolist()])


@fault("gates-of-all-states-hold-for-the-inactive", "polystate.states.counting:options", "discrete")
def _(original):
    """A variable is there where the condition of its descriptor names all states of one that is inactive."""
    return edited(
        "not holds(dag.activation[v], joint)",
        "not all(int(joint[c.variable]) in c.states or len(c.states) == dag.n_states[c.variable]"
        " for c in dag.activation[v])",
    )(original)


@fault("presence-without-the-dropped", f"{EVALUATE}:absent", "axes")
def _(original):
    """Presence along an axis is read as if it had no columns for atoms that are dropped."""
    return edited("[mine] == 0]", "[mine - np.cumsum(d.atom_rows < 0)[mine]] == 0]")(original)


@fault("bundles-of-unknown-signal-without-a-step", "polystate.evaluation.request:_state_steps", "axes")
def _(original):
    """The state of a bundle of unknown signal is no step of its axis."""
    return edited("if d.is_discrete and", 'if d.is_discrete and d.signal_type != "unknown" and')(original)


@fault("disorder-of-the-last-joint-state", f"{RENDERING}:_displacing", "sampling-exact", "axes")
def _(original):
    """U is kept from draw to draw while the steps are the same, though the states are not."""
    return edited("key = (asked.joint, asked.rows", "key = (asked.rows")(original)


@fault("listed-states-by-rows", f"{EVALUATE}:_state_row", "discrete", "displacement", "sampling-exact")
def _(original):
    """Arrays of states have one row for each row of the table, not for each state."""

    def wrong(d):
        pairs = zip(d.column("states", "site").tolist(), d.column("states", "state").tolist(), strict=True)
        rows: dict[tuple[int, int], int] = {}
        for row, pair in enumerate(pairs):
            rows.setdefault(pair, row)
        return rows

    return wrong


@fault("a-given-axis-has-a-policy", f"{RENDERING}:iterate", "axes")
def _(original):
    """What lies along an axis that is given takes part in draws by its policy, as what lies along none."""
    return edited(
        'if broadcast_policy(d, policies) == "sample_per_step"',
        'if d.axis in names or ((policies or {}).get(d.id) or d.document.get("broadcast_policy")'
        ' or d.procedure.default_policy()) == "sample_per_step"',
    )(original)


@fault("iterated-axes-fix-no-states", f"{RENDERING}:iterate", "axes")
def _(original):
    """An axis that is iterated gives what lies along it a step, and fixes no state."""
    return edited(
        "yield _snapshot(request(dep, state, place, own, **given), psd, sampled)",
        "known = [d for d in dep.descriptors.values() if d.is_discrete]\n"
        "        fixing = {n for d in known for n in (d.axis, d.document.get('state_axis'))} & {*names}\n"
        "        asked = request(dep, state, {n: place[n] for n in place if n not in fixing}, own, **given)\n"
        "        asked.steps = {**asked.steps, **place}\n"
        "        yield _snapshot(asked, psd, sampled)",
    )(original)


@fault("conditions-by-site-before-parent", "polystate.rules.payloads:order_errors", "discrete", "displacement")
def _(original):
    """Rows of conditions have to ascend by condition, then site, then parent."""

    def wrong(where, columns, key, ordered, duplicate):
        swapped = [key[0], key[2], key[1], key[3]] if "parent" in key and len(key) == 4 else key
        return original(where, columns, swapped, ordered, duplicate)

    return wrong
