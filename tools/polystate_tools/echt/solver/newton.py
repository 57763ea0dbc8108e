"""One Newton step of the interior-point method, by elimination from the leaves of the hierarchy to its root.

Everything below a node n looks, to the groups above it, like a quadratic in the change eta (d,) of the field
they make there: 1/2 eta^T Q eta - f^T eta. A group adds its own motion: with H its curvature (barrier, net,
epsilon), E = P H^-1 P^T what it can do to the field and h = P H^-1 c what it would do unasked,

    Q_above = (1 + Q E)^-1 Q,    f_above = (1 + Q E)^-1 (f - Q h),

computed as C (1 + C^T E C)^-1 C^T with Q = C C^T, which neither inverts Q nor E and subtracts nothing: the
numbers stay good when groups are switched off (E near 0) or free (E huge). The force on a group,
f_above - Q_above eta, is all that is needed on the way down. The right-hand sides are the residuals of the
optimality conditions (`pulls` hold the gradient of the loss at every node), so rounding shrinks with them and
steps refine one another. Cost and memory are linear in atoms and groups. Eight groups of a level are worked at a time,
one in each lane of the processor's vectors (`lanes`).
"""

from __future__ import annotations

from .atoms import anisotropic_elimination, atom_step, is_matrix, isotropic_elimination, residual
from .fields import add_shifted, atom_rows, lift_matrix, shift
from .groups import at_hand, longest_step, respond, take_steps
from .lanes import LANES, choose, lanes_of
from .lengths import atoms_length
from .linalg6 import inlined, jit, part
from .linalg_lanes import factors, factors_semidefinite
from .records import TOP
from .threads import take


@inlined
def absorb(fields, rows, d, out_q, out_f):
    """out_q (d, d), lower triangle, and out_f (d,): what nodes look like from above, in lanes; 1 where that went well.

    fields: e, q and scratch, (5, d, d); rows: h, scratch, f and scratch, (5, d)."""
    e, q, low, c, x = fields[0], fields[1], fields[2], fields[3], fields[4]
    h, f, g, t = rows[0], rows[2], rows[3], rows[4]
    factors_semidefinite(q, d, low)
    for i in range(d):  # x = E C
        for j in range(d):
            total = e[i, j] * low[j, j]
            for m in range(j + 1, d):
                total += e[i, m] * low[m, j]
            x[i, j] = total
    for i in range(d):  # 1 + C^T E C, lower triangle, in place of e
        for j in range(i + 1):
            total = low[i, i] * x[i, j]
            for m in range(i + 1, d):
                total += low[m, i] * x[m, j]
            e[i, j] = total
        e[i, i] += 1.0
    good = factors(e, d, x)
    for j in range(d):  # c = low chol^-T; f_above = C (1 + C^T E C)^-1 (C^-1 f - C^T h), f is in the range of Q
        inverse = 1.0 / x[j, j]
        for r in range(d):
            total = low[r, j]
            for m in range(j):
                total -= c[r, m] * x[j, m]
            c[r, j] = total * inverse
        total = f[j]
        for m in range(j):
            total -= low[j, m] * g[m]
        g[j] = choose(low[j, j], 0.0, total / choose(low[j, j], 0.0, low[j, j], 1.0), 0.0)
        total = g[j]
        for m in range(j, d):
            total -= low[m, j] * h[m]
        for m in range(j):
            total -= x[j, m] * t[m]
        t[j] = total * inverse
    for i in range(d):
        for j in range(i + 1):
            total = c[i, 0] * c[j, 0]
            for m in range(1, d):
                total += c[i, m] * c[j, m]
            out_q[i, j] = total
        total = c[i, 0] * t[0]
        for m in range(1, d):
            total += c[i, m] * t[m]
        out_f[i] = total
    return good


@part
def add_isotropic(rho, kappa, atomic, s, z, mu, penalty, rows, d, q, f):
    """Add what an isotropic atom with residual rho says of its node's field to q (lower triangle) and f."""
    c = kappa
    g = 0.0
    if atomic:
        c, g, _ = isotropic_elimination(rho[0], kappa, s[0, 0], z[0, 0], mu, penalty.alpha_atom, penalty.beta)
    for i in range(d):
        f[i] += g * rows[0, i]
        ci = c * rows[0, i]
        for j in range(i + 1):
            q[i, j] += ci * rows[0, j]


@part
def add_anisotropic(rho, kappa, atomic, s, z, mu, penalty, d, q, f, work):
    """The same for an anisotropic atom; overwrites rho. False on breakdown."""
    rows, ch, start, w6, s6, solve = work.rows, work.wide, work.v6[1], work.v6[2], work.s6, work.s6[7]
    if atomic:
        if not anisotropic_elimination(
            rho, kappa, s, z, mu, penalty.alpha_atom, penalty.beta, solve, start, w6, s6[0], s6[1], s6[2], s6[3], s6[4]
        ):
            return False
        for i in range(6):
            rho[i] = -kappa * start[i]
            for j in range(6):
                solve[i, j] *= -kappa * kappa
            solve[i, i] += kappa
    else:
        for i in range(6):
            rho[i] = 0.0
            for j in range(6):
                solve[i, j] = 0.0
            solve[i, i] = kappa
    for i in range(6):
        for j in range(d):
            total = 0.0
            for k in range(6):
                total += solve[i, k] * rows[k, j]
            ch[i, j] = total
    for i in range(d):
        for k in range(6):
            f[i] += rho[k] * rows[k, i]
            r = rows[k, i]
            if r != 0.0:
                for j in range(i + 1):
                    q[i, j] += r * ch[k, j]
    return True


@part
def add_atom(a, anisotropic, atoms, x, mu, penalty, rho, d, q, f, work):
    """Add what atom a with residual rho says of its node's field to q (lower triangle) and f. False on breakdown."""
    s, z, weight = x.own[a], x.own_slack[a], atoms.weights[a]
    if anisotropic is not None and anisotropic[a]:
        return add_anisotropic(rho, 2.0 * weight, atoms.own, s, z, mu, penalty, d, q, f, work)
    add_isotropic(rho, 6.0 * weight, atoms.own, s, z, mu, penalty, work.rows, d, q, f)
    return True


@jit
def eliminate(turn, work, walk, forest, atoms, x, penalty, mu, sweep):
    """Work pieces of a walk (leaves first): fills q_above, f_above and each group's frame. Of top groups, which are a
    walk of their own, with the factor of what they can do to their field, and with what they would do unasked.

    Returns the number of breakdowns."""
    d, q, f, nodes = forest.d, work.dd[0], work.lines[0], work.nodes
    failed = 0
    piece = take(turn)
    while piece < len(walk.pieces) - 1:
        for eight in range(walk.pieces[piece], walk.pieces[piece + 1]):
            count = at_hand(walk, eight, nodes)
            for lane in range(count):
                n = nodes[lane]
                if forest.parent[n] != TOP:
                    failed += _below(n, forest, atoms, x, mu, penalty, sweep, q, f, work)
                if n >= forest.n_groups:
                    pack(q, d, sweep.q_above[n])
                    for i in range(d):
                        sweep.f_above[n, i] = f[i]
                    continue
                for i in range(d):
                    work.rows8[2, i, lane] = f[i]
                    for j in range(d):
                        work.fields8[1, i, j, lane] = q[i, j]
            if nodes[0] < forest.n_groups:
                good = respond(count, forest, x, penalty, mu, sweep, work)
                fields, rows, ended = lanes_of(work.fields8), lanes_of(work.rows8), lanes_of(work.lines8)[2]
                if forest.parent[nodes[0]] == TOP:
                    factors_semidefinite(fields[0], d, fields[1])
                    ended[0] = good
                else:
                    ended[0] = good * absorb(fields, rows, d, fields[1], rows[0])
                for lane in range(count):
                    failed += work.lines8[2, 0, lane] != 1.0
                    k, n = 0, nodes[lane]
                    for i in range(d):
                        sweep.f_above[n, i] = work.rows8[0, i, lane]
                        for j in range(i + 1):
                            sweep.q_above[n, k] = work.fields8[1, i, j, lane]
                            k += 1
        piece = take(turn)
    return failed


@inlined
def _below(n, forest, atoms, x, mu, penalty, sweep, q, f, work):
    """q (d, d) and f (d,) of all that is below node n; returns the number of breakdowns."""
    d, rows, rho, failed = forest.d, work.rows, work.v6[0], 0
    origin, radius = forest.origin[n], forest.radius[n]
    for i in range(d):
        f[i] = 0.0
        for j in range(d):
            q[i, j] = 0.0
    for a in range(forest.atom_start[n], forest.atom_start[n + 1]):
        aniso = is_matrix(a, atoms.anisotropic)
        atom_rows(atoms.xyz[a], origin, radius, forest.tensor, aniso, rows, work.g36)
        residual(atoms.u[a], rows, sweep.y[n], x.own[a], d, aniso, rho)
        if not add_atom(a, atoms.anisotropic, atoms, x, mu, penalty, rho, d, q, f, work):
            failed += 1
    for i in range(d):
        for j in range(i):
            q[j, i] = q[i, j]
    for k in range(forest.child_start[n], forest.child_start[n + 1]):
        child = forest.children[k]
        shift(origin, radius, forest.origin[child], forest.radius[child], forest.tensor, work.dd[1], work.s6[0])
        _gather(work.dd[1], sweep.q_above[child], sweep.f_above[child], d, work.dd[2], work.dd[3], q, f)
    return failed


@part
def pack(matrix, d, out):
    """The lower triangle of a symmetric (d, d) matrix, row by row."""
    k = 0
    for i in range(d):
        for j in range(i + 1):
            out[k] = matrix[i, j]
            k += 1


@part
def unpack(packed, d, out):
    """The symmetric (d, d) matrix whose lower triangle `pack` has laid out."""
    k = 0
    for i in range(d):
        for j in range(i + 1):
            out[i, j] = packed[k]
            out[j, i] = packed[k]
            k += 1


@part
def _gather(t, packed, force, d, m2, m3, q, f):
    """q += t^T Q t, f += t^T force."""
    unpack(packed, d, m2)
    for i in range(d):
        for j in range(d):
            m3[i, j] = 0.0
    for k in range(d):
        for j in range(d):
            x = t[k, j]
            if x != 0.0:
                f[j] += x * force[k]
                for i in range(d):
                    m3[i, j] += m2[i, k] * x
    for k in range(d):
        for i in range(d):
            x = t[k, i]
            if x != 0.0:
                for j in range(d):
                    q[i, j] += x * m3[k, j]


@jit
def substitute(turn, work, walk, forest, atoms, x, penalty, mu, sweep, change):
    """Work pieces of a walk on the way down: steps of groups and atoms, eta[n] = change of the whole field.

    Returns how far those steps may be gone."""
    anisotropic, d, nodes = atoms.anisotropic, forest.d, work.nodes
    length = 1.0
    piece = take(turn)
    while piece < len(walk.pieces) - 1:
        for eight in range(walk.pieces[piece + 1] - 1, walk.pieces[piece] - 1, -1):
            count = at_hand(walk, eight, nodes)
            if nodes[0] < forest.n_groups:
                _forces(forest, sweep, work)
                take_steps(count, forest, penalty, sweep, change, work)
                length = longest_step(forest.rank, x, length, work)
                lift_matrix(lanes_of(work.squares8)[0], forest.tensor, lanes_of(work.rows8)[2])
                for lane in range(count):
                    for i in range(d):
                        sweep.eta[nodes[lane], i] += work.rows8[2, i, lane]
            for n in nodes[: count if atoms.own else 0]:
                first, last = forest.atom_start[n], forest.atom_start[n + 1]
                for a in range(first, last):
                    aniso = is_matrix(a, anisotropic)
                    atom_rows(
                        atoms.xyz[a], forest.origin[n], forest.radius[n], forest.tensor, aniso, work.rows, work.g36
                    )
                    atom_step(a, anisotropic, atoms, x, sweep.y[n], sweep.eta[n], penalty, mu, change, d, work)
                length = atoms_length(first, last, atoms, x, change, length, work.s6)
        piece = take(turn)
    return length


@inlined
def _forces(forest, sweep, work):
    """Field forces (d,) on the groups of `work.nodes` into the first of `work.rows8`; eta <- the field from above."""
    d, t, nodes = forest.d, work.dd[0], work.nodes
    for lane in range(LANES):
        n = nodes[lane]
        above, p = sweep.eta[n], forest.parent[n]
        for i in range(d):
            above[i] = 0.0
        if p >= 0:
            add_shifted(forest, p, n, sweep.eta[p], t, work.s6[0], above)
        unpack(sweep.q_above[n], d, t)
        for i in range(d):
            total = sweep.pulls[n, i] + sweep.f_above[n, i]
            for j in range(d):
                total -= t[i, j] * above[j]
            work.rows8[0, i, lane] = total


@jit
def loose_steps(loose, atoms, x, penalty, mu, change, work):
    """Steps of atoms that are in no group, and how far they may be gone; work: as `scratch` gives it, no field."""
    none, length = work.lines[0], 1.0
    for a in loose:
        atom_step(a, atoms.anisotropic, atoms, x, none, none, penalty, mu, change, len(none), work)
        length = atoms_length(a, a + 1, atoms, x, change, length, work.s6)
    return length
