// Modes A and B of a discrete descriptor say the same (4.6); this turns one into the other inside an opened store.
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { triple } from './displacement.mjs';
import { subtract } from './linear.mjs';
import { TABLE_TYPE } from './store.mjs';

function toSparse(d) {
  const ids = d.arrays.atom_id.data;
  const order = [...ids.keys()].filter((m) => d.rows[m] >= 0).sort((a, b) => ids[a] - ids[b]);
  const deltas = { site: [], state: [], atom_id: [], dx: [], dy: [], dz: [] };
  const absent = { site: [], state: [], atom_id: [] };
  const push = (table, values) => Object.keys(table).forEach((key, i) => table[key].push(values[i]));
  d.pairs.forEach(([site, state], s) => {
    for (const m of order) {
      if (d.scope.labels[d.rows[m]] !== site) continue;
      const at = s * d.rows.length + m;
      const v = subtract(triple(d.arrays.xyz.data, at), d.local(d.rows[m]));
      if (!d.arrays.present.data[at]) push(absent, [site, state, ids[m]]);
      else if (v.some((c) => c !== 0)) push(deltas, [site, state, ids[m], ...v]);
    }
  });
  return { tables: { deltas, absent }, arrays: {} };
}

function toListed(d) {
  const byRow = new Map();
  for (const name of ['deltas', 'absent']) d.tables[name]?.atom.forEach((row, i) => { if (row >= 0) byRow.set(d.tables[name].atom_id[i], row); });
  const ids = [...byRow.keys()].sort((a, b) => a - b);
  const column = new Map(ids.map((id, m) => [byRow.get(id), m]));
  const xyz = new Float64Array(d.pairs.length * ids.length * 3);
  const present = new Uint8Array(d.pairs.length * ids.length).fill(1);
  d.pairs.forEach(([site, state], s) => {
    ids.forEach((id, m) => xyz.set(d.local(byRow.get(id)), 3 * (s * ids.length + m)));
    const key = `${site} ${state}`;
    for (const [row, v] of d.moves.get(key) ?? []) v.forEach((c, k) => { xyz[3 * (s * ids.length + column.get(row)) + k] += c; });
    for (const row of d.lacks.get(key) ?? []) present[s * ids.length + column.get(row)] = 0;
  });
  return {
    tables: {},
    arrays: {
      atom_id: { data: Uint32Array.from(ids), shape: [ids.length], dtype: 'uint32' },
      xyz: { data: xyz, shape: [d.pairs.length, ids.length, 3], dtype: 'float64' },
      present: { data: present, shape: [d.pairs.length, ids.length], dtype: 'uint8' },
    },
  };
}

const COLUMN = { site: Int32Array, state: Int32Array, atom_id: Uint32Array, dx: Float64Array, dy: Float64Array, dz: Float64Array };

export function convert(deposition, mode) {
  const { nodes } = deposition.store;
  for (const d of deposition.descriptors.values()) {
    if (d.doc.regime !== 'discrete' || d.doc.signal_type !== 'categorical_state' || !['A', 'B'].includes(d.doc.mode)) continue;
    if (d.doc.mode === mode || d.pending) continue;
    const { tables, arrays } = mode === 'B' ? toSparse(d) : toListed(d);
    for (const name of ['atom_id', 'xyz', 'present', 'deltas', 'absent']) nodes.delete(`${d.at}/${name}`);
    const put = (name, array, attributes) => nodes.set(`${d.at}/${name}`, { path: `${d.at}/${name}`, kind: 'array', meta: { attributes }, payload: {}, array });
    for (const [name, array] of Object.entries(arrays)) put(name, array, {});
    for (const [name, table] of Object.entries(tables)) {
      if (!table.site.length) continue;
      const columns = Object.fromEntries(Object.entries(table).map(([key, values]) => [key, COLUMN[key].from(values)]));
      const data = new Uint8Array(tableToIPC(tableFromArrays(columns), 'file'));
      put(name, { data, shape: [data.length], dtype: 'uint8' }, { polystate: { media_type: TABLE_TYPE } });
    }
    const node = nodes.get(d.at);
    node.payload = { ...node.payload, mode };
    node.meta = { ...node.meta, attributes: { ...node.meta.attributes, polystate: node.payload } };
  }
}
