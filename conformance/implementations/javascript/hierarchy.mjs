// Chapters 2 and 3: atoms, levels, groupings, and the labels that a scope gives to atoms.
import { semantic } from './errors.mjs';

export const LEVELS = ['deposition', 'entity', 'chain', 'residue', 'atom'];
const TABLE = { entity: 'entities', chain: 'chains', residue: 'residues', atom: 'atoms' };

export class Hierarchy {
  constructor(groups) {
    Object.assign(this, groups);
    const { atoms, residues, chains } = groups;
    this.n = atoms.atom_id.data.length;
    this.rowOf = new Map();
    atoms.atom_id.data.forEach((id, row) => this.rowOf.set(id, row));
    this.residue = Int32Array.from(atoms.residue.data);
    this.chain = this.residue.map((r) => residues.chain.data[r]);
    this.entity = this.chain.map((c) => chains.entity.data[c]);
    this.drawKey = (atoms.draw_key ?? atoms.atom_id).data;
  }
  size(level) {
    return level === 'deposition' ? 1 : Object.values(this[TABLE[level]])[0].data.length;
  }
  // Row of the node of a level for each atom; -1 for none.
  nodes(level) {
    if (level === 'deposition') return new Int32Array(this.n);
    if (level === 'atom') return Int32Array.from({ length: this.n }, (_, i) => i);
    return this[level];
  }
}

export function scopeLabels(hierarchy, groupings, scope, path) {
  if (scope.level != null) return { labels: hierarchy.nodes(scope.level), count: hierarchy.size(scope.level) };
  const grouping = groupings.get(scope.grouping);
  if (!grouping) throw semantic('unknown-grouping', `${path}#/scope`);
  if (grouping.arrays.weight) throw semantic('weights-refused', `groupings/${scope.grouping}/weight`);
  const { child, parent } = grouping.arrays;
  const labelOf = new Map();
  child.data.forEach((c, e) => {
    if (labelOf.has(c)) throw semantic('not-a-partition', `groupings/${scope.grouping}/child[${e}]`);
    labelOf.set(c, parent.data[e]);
  });
  const labels = hierarchy.nodes(grouping.payload.child_level).map((node) => labelOf.get(node) ?? -1);
  return { labels, count: grouping.count };
}
