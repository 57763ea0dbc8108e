"""Wrong readings of the scope DAG (chapter 5): conditions, the order of variables, overlaps, choices, counts."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

EVALUATE = "polystate.evaluation.evaluate"
TREES, COUNTING, DAG = "polystate.states.trees", "polystate.states.counting", "polystate.states.scope_dag"
PARTS = "polystate.states.parts"
STATES = "polystate.states.joint:States"
RULES = "polystate.rules.states"
CONTRIBUTIONS = "polystate.evaluation.contributions:Contributions"


@fault("inactive-parents-hold-in-counts", f"{TREES}:tables", "discrete")
def _(original):
    """A count takes a condition on an inactive variable for one that holds."""
    return edited(
        "    possible &= _active",
        "    possible[place[~always][row], 0, state[~always][row]] = True\n    possible &= _active",
    )(original)


@fault("inactive-parents-hold-in-choices", f"{TREES}:lookup", "discrete")
def _(original):
    """A choice takes a condition on an inactive variable for one that holds."""
    return edited(
        "    taken = state_of_rank[best]",
        "    np.minimum.at(best, cell // width * width, rank[row])\n    taken = state_of_rank[best]",
    )(original)


@fault("gates-of-motions-open", f"{EVALUATE}:is_in_force", "gaussian", "displacement")
def _(original):
    """Rigid bodies, tables of cells, TLS and modes act whatever their condition is."""
    return lambda d, request: d.procedure.placed in ("body", "groups", "modes", "decoder") or original(d, request)


@fault("closed-trajectories-hide", f"{EVALUATE}:present", "axes")
def _(original):
    """A trajectory marks atoms absent whatever its condition is."""
    return edited(
        'active(request.dep, request, lambda d: d.is_discrete or d.regime == "trajectory")',
        "(d for d in request.dep.descriptors.values()"
        ' if d.regime == "trajectory" or d.is_discrete and is_active(d, request))',
    )(original)


@fault("moments-of-closed-gaussians", f"{CONTRIBUTIONS}._gate", "moments")
def _(original):
    """In moments a Gaussian descriptor acts whatever its condition is."""
    return lambda self, d: None if d.is_gaussian else original(self, d)


@fault("moments-of-closed-rows", f"{CONTRIBUTIONS}._enter_conditional", "moments")
def _(original):
    """In moments a row of a condition counts whether its descriptor is active or not."""
    return edited(" & s.held(gate, variables[k])", "")(original)


@fault("rows-outlive-their-descriptor", f"{COUNTING}:options", "discrete")
def _(original):
    """A row of a condition of its own holds whether its descriptor is active or not."""
    return edited(
        "        return [INACTIVE]\n",
        "        here = {int(s) for s, c in zip(rows.state, rows.condition) if c is not None and holds(c, joint)}\n"
        "        return sorted(here) or [INACTIVE]\n",
    )(original)


@fault("active-when-unlooked", f"{RULES}:condition_errors", "validate")
def _(original):
    """The condition of a whole descriptor need not exist where that is not discrete."""
    return edited("np.array([d.active_when])", "np.array([d.active_when if d.is_discrete else -1])")(original)


@fault("conditions-up-to-the-largest", f"{RULES}:condition_errors", "validate")
def _(original):
    """A condition exists where its number is not above the largest."""
    return edited("~np.isin(numbers, known)", "(numbers > known.max(initial=-1))")(original)


@fault("conditions-below-always", "polystate.rules.payloads:value_errors", "validate")
def _(original):
    """A condition below -1 at a row of ADPs is one that does not exist."""

    def wrong(where, values, column):
        at_rows = where.endswith("/condition") and where.count("/") == 2
        return original(where, values, {**column, "minimum": None} if at_rows else column)

    return wrong


@fault("states-of-parents-unlooked", f"{DAG}:ScopeDag._terms", "validate")
def _(original):
    """A condition has to name a site that there is, and any state."""
    return edited("(variable < 0) | (declared < 0)", "variable < 0")(original)


# -- the order of variables --------------------------------------------------------------------------------


@fault("ids-by-number", f"{DAG}:ScopeDag.__init__", "discrete")
def _(original):
    """Ids are in order of the numbers in them."""
    return edited(
        "key=lambda t: t.id.encode()",
        "key=lambda t: [(x.isdigit(), int(x) if x.isdigit() else x)"
        " for x in __import__('re').split('([0-9]+)', t.id) if x]",
    )(original)


@fault("ids-by-letters", f"{DAG}:ScopeDag.__init__", "discrete")
def _(original):
    """Ids are in order of their letters and digits, whatever stands between."""
    return edited("key=lambda t: t.id.encode()", "key=lambda t: [c for c in t.id if c.isalnum()]")(original)


@fault("sites-by-digits", f"{DAG}:ScopeDag._sort_by_depth", "discrete")
def _(original):
    """Sites are in order as texts."""
    return edited(
        'np.argsort(depth, kind="stable")',
        "np.array(sorted(range(len(depth)), key=lambda v: (depth[v], self.table[v], str(self.site[v]))), np.int64)",
    )(original)


# -- independent, overlapping ------------------------------------------------------------------------------


@fault("unused-conditions-depend", f"{RULES}:_independence_errors", "validate")
def _(original):
    """A descriptor depends on all that its conditions name, used or not."""

    def wrong(dep):
        from polystate.errors import UnsupportedCombination

        for d in dep.descriptors.values():
            named = {*d.table("conditions").get("parent", [])} - {d.id}
            if d.is_discrete and d.algebra == "independent" and named:
                yield UnsupportedCombination(f"{d.path}#/algebra", d.algebra, "nested_under")
        yield from original(dep)

    return wrong


@fault("rows-of-independent-descriptors", f"{RULES}:_independence_errors", "validate")
def _(original):
    """A descriptor is nested where all of it is under a condition, not where a row is."""
    return edited("for v in dag.conditional:", "for v in dag.activation:")(original)


@fault("always-overlaps-nothing", f"{STATES}._check_conditional", "validate")
def _(original):
    """A row that holds always overlaps none that has a condition."""
    return edited("for a, b in pairs)", "for a, b in pairs if a and b)")(original)


@fault("rows-beside-each-other-overlap", f"{STATES}._check_conditional", "validate")
def _(original):
    """Of the rows of a state those that follow one another are compared."""
    return edited("for b in conditions[i + 1 :]]", "for b in conditions[i + 1 : i + 2]]")(original)


@fault("overlaps-of-the-populated", f"{STATES}._check_conditional", "validate")
def _(original):
    """A row without a population overlaps none."""
    return edited("by_state.setdefault(s, []).append(c)", "by_state.setdefault(s, []).extend([c] if p > 0 else [])")(
        original
    )


@fault("overlaps-by-parents", f"{COUNTING}:ancestors", "validate")
def _(original):
    """Whether two conditions hold together is asked of what they name and the parents of that."""
    return edited(
        "return reached(variables, dag.parents)",
        "return reached(variables, lambda v: dag.parents(v) if v in variables else set())",
    )(original)


# -- choices and counts ------------------------------------------------------------------------------------


@fault("populations-of-any-row", f"{STATES}.populations", "discrete")
def _(original):
    """A state has the largest population of its rows, whichever holds."""

    def wrong(self, v, joint):
        rows, found = self.dag.rows(v), original(self, v, joint)
        return {s: max(p for t, p in zip(rows.state, rows.population, strict=True) if t == s) for s in found}

    return wrong


@fault("ties-within-1e-8", "polystate.states.joint:_first_maximum", "discrete")
def _(original):
    """Populations that differ by 1e-8 are equal."""
    return edited("values == np.repeat(top, np.diff(start))", "values >= np.repeat(top, np.diff(start)) - 1e-8")(
        original
    )


@fault("given-states-have-a-population", f"{STATES}.choose", "discrete")
def _(original):
    """A state that is given has to have a population."""

    def wrong(self, state):
        from polystate.errors import IllegalState

        for v, s in self.find(state).items():
            rows = self.dag.rows(v)
            if not any(p > 0 for t, p in zip(rows.state, rows.population, strict=True) if t == s):
                raise IllegalState("state", s, "a state with a population")
        return original(self, state)

    return wrong


@fault("variables-by-place", f"{STATES}.variable", "discrete")
def _(original):
    """A variable may be named by its place among those of its descriptor."""
    return edited(
        "    if v is None:",
        "    if v is None and 0 <= number < len(mine):\n        v = int(mine[number])\n    if v is None:",
    )(original)


@fault("only-variables-by-any-site", f"{STATES}.variable", "discrete")
def _(original):
    """The only variable of a descriptor is meant whatever site is named."""
    return edited("if not site and len(mine) == 1:", "if len(mine) == 1:")(original)


@fault("names-in-small-letters", f"{STATES}.find", "discrete")
def _(original):
    """A label may be given in small letters."""
    return edited(
        "self.dag.state_labels(v) == label", "[x.lower() == str(label).lower() for x in self.dag.state_labels(v)]"
    )(original)


@fault("twenty-one-neighbours", f"{COUNTING}:eliminate", "discrete")
def _(original):
    """Twenty-one neighbours are few enough, of parents too."""

    def wrong(dag, variables, allowed):
        from polystate.states import counting

        counting.MAX_WIDTH += 1
        try:
            return original(dag, variables, allowed)
        finally:
            counting.MAX_WIDTH -= 1

    return wrong


@fault("widest-first", f"{COUNTING}:eliminate", "discrete")
def _(original):
    """A count is refused by the neighbours that a variable has at first."""

    def wrong(dag, variables, allowed):
        from polystate.errors import TooEntangled

        near = {v: {*dag.parents(v)} for v in variables}
        for v in variables:
            for u in dag.parents(v):
                near[u] |= {v} | dag.parents(v) - {u}
        if any(len(some) > 20 for some in near.values()):
            raise TooEntangled("descriptors", "a variable", "fewer neighbours")
        return original(dag, variables, allowed)

    return wrong


@fault("depth-of-one-parent", "polystate.states.depths:depths", "validate", "discrete")
def _(original):
    """Of several parents the last one alone counts for depths and cycles."""
    return edited("if len(child) == len(distinct(child)):", "if len(child):")(original)


@fault("count-of-the-last-factor", f"{COUNTING}:eliminate", "discrete")
def _(original):
    """Of what is summed out into one variable the last factor alone is kept."""
    return edited("    number += 1", "    number += 0")(original)


@fault("parts-alike-by-terms", f"{PARTS}:alike", "discrete")
def _(original):
    """Parts with the same terms are alike, whatever and whose these are."""
    return edited("[owner[words[:1]], place[words[:1]], words[1:]]", "[owner[words[:1]], words[2:]]")(original)


@fault("parts-mixed", f"{PARTS}:alike", "discrete")
def _(original):
    """What many parts are is compared after it was sorted by something else than the part."""
    return edited("np.lexsort(words[::-1])", "np.lexsort(words)")(original)


@fault("ties-under-two-parents-last", f"{STATES}.choose", "discrete")
def _(original):
    """Of equally populated states of a variable with several parents the last is taken."""
    return edited("(weights[s], -s)", "(weights[s], s)")(original)


@fault("neighbours-of-before", f"{COUNTING}:eliminate", "discrete")
def _(original):
    """A variable is taken for the neighbours that it had before others were removed."""
    return edited("if v not in holding or degree != len(neighbours[v]):", "if v not in holding:")(original)


@fault("parents-of-many-states-lost", f"{TREES}:single_parents", "discrete")
def _(original):
    """What is under a parent of many states is looked up under the second variable."""
    return edited("above[dag.n_states[above] >= WIDEST] = -1", "above[dag.n_states[above] >= WIDEST] = 1")(original)


@fault("odd-factors-lost", f"{TREES}:product", "discrete")
def _(original):
    """Of an odd number of factors the last is lost."""
    return edited("len(found) & ~1 :", "len(found) :")(original)
