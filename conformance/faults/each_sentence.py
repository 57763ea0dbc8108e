"""Mistakes that a second reading of each sentence on scopes, means, covariances and axes found unasked."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

EVALUATE, DAG = "polystate.evaluation.evaluate", "polystate.states.scope_dag"
RULES, MEAN = "polystate.rules.states", "polystate.rules.mean"
RENDERING = "polystate.evaluation.rendering"


@fault("third-clauses-unjudged", f"{DAG}:holds", "discrete", "gaussian")
def _(original):
    """A condition holds where its first two clauses do."""
    return edited("for c in condition)", "for c in condition[:2])")(original)


@fault("conditions-by-place", f"{DAG}:ScopeDag.parse", "gaussian")
def _(original):
    """Conditions of descriptors that are not discrete are named by their place in the table."""
    return edited("{n: conditions[k]", "{n: conditions[min(n, len(known) - 1)]")(original)


@fault("conditions-of-others-any-order", "polystate.rules.descriptors:_table_errors", "validate")
def _(original):
    """Rows of the conditions of descriptors that are not discrete may stand twice, and anyhow."""
    return edited(
        "d.group.tables[name], about)",
        'd.group.tables[name], about if d.is_discrete or name != "conditions" else {**about, "unique": []})',
    )(original)


@fault("unused-conditions-unjudged", f"{RULES}:dag_errors", "validate")
def _(original):
    """Conditions of descriptors that are not discrete are judged where something uses them."""
    return edited(
        'if not d.is_discrete and d.table("conditions"):',
        'if not d.is_discrete and d.table("conditions") and d.has("condition") and (d.array("condition") != -1).any():',
    )(original)


@fault("parents-by-their-numbers", "polystate.rules.payloads:_sortable", "validate")
def _(original):
    """Texts are in order of the numbers in them: p9 before p10."""
    return edited(
        "sorted(set(values))",
        "sorted(set(values), key=lambda w: (w.rstrip('0123456789'), int('0' + w[len(w.rstrip('0123456789')) :])))",
    )(original)


@fault("edges-between-descriptors", f"{DAG}:ScopeDag._sort_by_depth", "validate", "discrete")
def _(original):
    """Descriptors that hang on each other by any of their sites are a cycle."""
    return edited(
        "    if depth is None:",
        "    pairs = set(zip(self.table[self.edge_child].tolist(), self.table[self.edge_parent].tolist()))\n"
        "    if any((b, a) in pairs for a, b in pairs if a != b):\n"
        '        raise ScopeCycle("descriptors", "two descriptors under each other", "no cycle")\n'
        "    if depth is None:",
    )(original)


@fault("overlaps-of-one-parent", "polystate.states.joint:States._check_conditional", "validate")
def _(original):
    """Rows overlap only where their conditions name one variable."""
    return edited(
        "for b in conditions[i + 1 :]]",
        "for b in conditions[i + 1 :] if a is None or b is None or {c.variable for c in a} & {c.variable for c in b}]",
    )(original)


@fault("knots-counted-in-binary64", "polystate.states.counting:_sum_out", "discrete")
def _(original):
    """Counts of variables with several parents are rounded to binary64."""
    return edited("summed.get(rest, 0) + n", "int(float(summed.get(rest, 0) + n))")(original)


@fault("conflicts-with-the-last-source", f"{EVALUATE}:mean", "displacement", "decoder")
def _(original):
    """A source of coordinates conflicts with the one before it alone."""
    return edited("source[at] >= 0)", "(source[at] >= 0) & (source[at] == k - 1))")(original)


@fault("always-active-without-discrete", f"{MEAN}:absolute_errors", "validate")
def _(original):
    """Listed states are never a source that is always active."""
    return edited("if always_active(d)]", "if always_active(d) and not d.is_discrete]")(original)


@fault("norms-within-2e-6", f"{MEAN}:errors", "validate")
def _(original):
    """A quaternion's norm may differ from 1 by 2e-6."""
    return edited("> TOLERANCE", "> 2 * TOLERANCE")(original)


@fault("norms-by-their-squares", f"{MEAN}:errors", "validate")
def _(original):
    """It is the square of the norm that may differ from 1 by 1e-6."""
    return edited("axis=-1)", "axis=-1) ** 2")(original)


@fault("layers-in-order-of-texts", "polystate.operators.neural_decoder.mlp_v1:mlp_v1", "decoder")
def _(original):
    """Layers act in the order of their names: w10 before w2."""
    return edited("for k in range(depth):", "for k in sorted(range(depth), key=str):")(original)


@fault("latents-before-what-is-stored", f"{EVALUATE}:components", "decoder", "displacement")
def _(original):
    """A table of latents stands before a stored array."""
    return edited("d.has(name) and not", 'd.has(name) and not d.table("latents") and not')(original)


@fault("transforms-by-their-numbers", f"{EVALUATE}:in_order", "displacement")
def _(original):
    """Of transforms of the same atoms t9 acts before t10."""
    return edited("d.id.encode(), d,", "(len(d.id), d.id), d,")(original)


@fault("poses-turn-no-covariance", f"{EVALUATE}:covariance", "gaussian", "axes")
def _(original):
    """Transforms with states or steps turn no covariance."""
    return edited(
        "for _, at, turn, _ in transforms(request):",
        "for _, at, turn, _ in (t for t in transforms(request) if not (t[0].is_discrete or t[0].axis)):",
    )(original)


@fault("levels-before-they-are-turned", f"{EVALUATE}:covariance", "gaussian", "axes")
def _(original):
    """Covariances by level are those before transforms."""
    return edited("in transforms(request):", "in () if by_level else transforms(request):")(original)


@fault("librations-about-the-base", f"{EVALUATE}:placed", "gaussian", "axes")
def _(original):
    """TLS is evaluated at the mean."""
    return edited("request.dep.x_ref_of(request.rows[at])", "mean(request)[at]")(original)


@fault("rows-of-one-atom-replace", f"{EVALUATE}:level_covariance", "gaussian")
def _(original):
    """Of rows of one atom that hold the last is taken."""
    return edited("np.add.at(u, at, own)", "u[at] = own")(original)


@fault("totals-beside-what-is-not-residual", "polystate.rules.covariance:adp_errors", "validate")
def _(original):
    """A total beside another total or unknown content is permitted."""
    return edited(
        "for other in found:",
        'for other in [o for o in found if o.document.get("adp_content", "") in ("", "residual")]:',
    )(original)


@fault("unknown-content-replaces", f"{EVALUATE}:gaussian_levels", "gaussian", "sampling-exact")
def _(original):
    """Unknown content beside other descriptors is left out."""
    return edited(
        "    return sorted(found",
        '    found = [d for d in found if len(found) == 1 or d.document.get("adp_content") != "unknown"]\n'
        "    return sorted(found",
    )(original)


@fault("inactive-bundles-at-step-0", "polystate.evaluation.request:_state_steps", "axes")
def _(original):
    """A bundle that is inactive gives the index 0."""
    return edited("        for number in", "        steps[name] = 0\n            for number in")(original)


@fault("policies-for-all-levels", f"{RENDERING}:broadcast_policy", "axes")
def _(original):
    """A policy of a request for one descriptor is that of all."""
    return edited(
        '(policies or {}).get(d.id) or d.document.get("broadcast_policy")',
        '(policies or {}).get(d.id) or next(iter((policies or {}).values()), d.document.get("broadcast_policy"))',
    )(original)


@fault("transforms-stand-still-without-an-index", f"{EVALUATE}:covariance", "axes")
def _(original):
    """A covariance that a transform without an index turns is that before the turn."""
    return edited(
        "    for _, at, turn, _ in transforms(request):",
        "    every = request.dep.descriptors.values()\n"
        "    still = any(d.is_transform and d.axis and d.axis not in request.steps for d in every)\n"
        "    for _, at, turn, _ in () if still else transforms(request):",
    )(original)


@fault("steps-unasked-for-rigid-bodies", f"{EVALUATE}:step_of", "axes")
def _(original):
    """Rigid bodies and decoders without an index are read at step 0."""
    return edited(
        "    if d.axis not in request.steps:",
        '    if d.axis not in request.steps and d.procedure.placed in ("body", "decoder"):\n        return 0\n'
        "    if d.axis not in request.steps:",
    )(original)
