// Arrays and tables of a group against what the generated tables of the specification give for them.
import { semantic, schema } from './errors.mjs';
import { readTable } from './tables.mjs';
import { payloads } from './schema.mjs';

const isFloat = (dtype) => dtype.startsWith('float');

export class Shapes {
  constructor(known = {}, axis = undefined) {
    this.known = new Map(Object.entries(known).filter(([, v]) => v !== undefined));
    this.axis = axis; // names of dimensions that run along a sample axis
  }
  // The code of the first dimension that does not fit, or undefined.
  misfit(shape, names) {
    if (shape.length !== names.length) return 'wrong-shape';
    for (let i = 0; i < shape.length; i++) {
      const name = names[i];
      if (typeof name === 'number') {
        if (shape[i] !== name) return 'wrong-shape';
      } else if (!this.known.has(name)) this.known.set(name, shape[i]);
      else if (this.known.get(name) !== shape[i]) return i === 0 && this.axis?.has(name) ? 'axis-length' : 'wrong-shape';
    }
    return undefined;
  }
}

export function checkNumbers(data, spec, dtype, path, codes = {}) {
  if (isFloat(dtype)) {
    const bad = data.findIndex((v) => !Number.isFinite(v) && !(spec.nan && Number.isNaN(v)));
    if (bad >= 0) throw semantic('non-finite', `${path}[${bad}]`);
  }
  const name = path.split('/').pop();
  if (isFloat(dtype) && spec.maximum === undefined && !['time', 'energy', 'deposited'].includes(name)) { // STO-60
    const bad = data.findIndex((v) => Math.abs(v) > 1e9);
    if (bad >= 0) throw semantic('out-of-range', `${path}[${bad}]`);
  }
  const { minimum = -Infinity, maximum = Infinity } = spec;
  if (minimum > -Infinity || maximum < Infinity) {
    const bad = data.findIndex((v) => v < minimum || v > maximum);
    if (bad >= 0) throw semantic(codes[name] ?? 'out-of-range', `${path}[${bad}]`);
  }
  if (spec.values) {
    const bad = data.findIndex((v) => !spec.values.includes(v));
    if (bad >= 0) throw semantic('out-of-range', `${path}[${bad}]`);
  }
}

export async function loadArray(store, path, name, spec, required) {
  const at = `${path}/${name}`;
  if (store.nodes.get(at)?.kind !== 'array' || store.isTable(at)) {
    // A group of another kind under the name of an optional array is no array.
    if (required || store.isTable(at)) throw semantic('missing-array', at);
    return undefined;
  }
  const array = await store.array(at);
  if (!spec.dtypes.includes(array.dtype)) throw semantic('wrong-dtype', at);
  return array;
}

// `layers` expands names with <n> into as many as there are.
function* named(spec, store, path) {
  for (const [name, entry] of Object.entries(spec.arrays)) {
    if (!name.includes('<n>')) yield [name, entry, entry.required];
  }
  const families = Object.entries(spec.arrays).filter(([name]) => name.includes('<n>'));
  if (!families.length) return;
  for (let n = 0; ; n++) { // MEAN-33: as many as there are w0, w1, ... without a gap
    if (n > 0 && !store.nodes.has(`${path}/w${n}`)) return;
    const concrete = (x) => (typeof x === 'string' ? x.replace('<n+1>', n + 1).replace('<n>', n) : x);
    for (const [name, entry] of families) {
      yield [concrete(name), { ...entry, shapes: entry.shapes.map((shape) => shape.map(concrete)) }, true];
    }
  }
}

export async function loadPayload(store, path, kind, { shapes = new Shapes(), leading = undefined, extra = [], codes = {}, only = undefined } = {}) {
  const arrays = {};
  const tables = {};
  for (const spec of [payloads[kind], ...extra.map((k) => payloads[k])]) {
    for (const [name, entry, required] of named(spec, store, path)) {
      if (arrays[name]) continue;
      const array = await loadArray(store, path, name, entry, required);
      if (!array) continue;
      const at = `${path}/${name}`;
      const wanted = entry.shapes.length > 1
        ? entry.shapes.filter((shape) => (shape[0] === 'T') === (leading !== undefined)) : entry.shapes;
      const reasons = wanted.map((shape) => shapes.misfit(array.shape, entry.shapes.length > 1 && leading && shape[0] === 'T' ? [leading, ...shape.slice(1)] : shape));
      if (!reasons.includes(undefined)) throw semantic(reasons[0], at);
      checkNumbers(array.data, entry, array.dtype, at); // DSC-22 speaks of a column
      arrays[name] = array;
    }
    for (const [name, entry] of Object.entries(spec.tables)) {
      if (tables[name] || (only && !only.has(name))) continue;
      const at = `${path}/${name}`;
      if (!store.isTable(at)) {
        if ((entry.required) || store.nodes.get(at)?.kind === 'array') throw semantic('missing-array', at);
        continue;
      }
      const node = store.nodes.get(at);
      const table = (node.table ??= readTable(await store.array(at), at));
      const columns = {};
      for (const [column, rule] of Object.entries(entry.columns)) {
        const found = table.columns.get(column);
        if (!found) {
          if (rule.required) throw semantic('missing-array', `${at}/${column}`);
          continue;
        }
        if (!rule.dtypes.includes(found.dtype)) throw semantic('wrong-dtype', `${at}/${column}`);
        checkNumbers(found.data, rule, found.dtype, `${at}/${column}`, codes);
        columns[column] = found.data;
      }
      tables[name] = { rows: table.rows, ...columns };
    }
  }
  return { arrays, tables };
}

const compare = (a, b) => (typeof a === 'string' ? Buffer.compare(Buffer.from(a), Buffer.from(b)) : a - b);

export function checkOrder(columns, path) {
  const n = columns[0].length;
  const order = (i, j) => {
    for (const column of columns) {
      const c = compare(column[i], column[j]);
      if (c) return c;
    }
    return 0;
  };
  checkUnique(columns, path);
  for (let i = 1; i < n; i++) if (order(i - 1, i) > 0) throw semantic('unsorted-rows', `${path}[${i}]`);
}

export function checkUnique(columns, path) {
  const seen = new Set();
  for (let i = 0; i < columns[0].length; i++) {
    const key = columns.length === 1 ? columns[0][i] : JSON.stringify(columns.map((c) => c[i]));
    if (seen.has(key)) throw semantic('duplicate-row', `${path}[${i}]`);
    seen.add(key);
  }
}

export function checkVocabularies(spec, payload, arrays, path) {
  for (const [name, entry] of Object.entries(spec.arrays)) {
    if (!entry.vocabulary || !arrays[name]) continue;
    const words = payload.vocabularies?.[entry.vocabulary];
    if (!Array.isArray(words)) throw schema('schema-violation', `${path}#/vocabularies/${entry.vocabulary}`);
    const used = new Set(arrays[name].data);
    for (const code of used) if (code < -1 || code >= words.length) throw semantic('dangling-row', `${path}/${name}`);
    for (let i = 1; i < words.length; i++) {
      if (compare(words[i - 1], words[i]) > 0) throw semantic('unsorted-rows', `${path}#/vocabularies/${name}/${i}`);
    }
    words.forEach((_, i) => { if (!used.has(i)) throw semantic('dangling-row', `${path}#/vocabularies/${name}/${i}`); });
  }
}

// [DSC-20], [MEAN-22] rows under ascending numbers, each once
export const checkAscending = (numbers, at) => {
  if (new Set(numbers).size !== numbers.length) throw semantic('duplicate-row', at);
  if (numbers.some((n, i) => i && n < numbers[i - 1])) throw semantic('unsorted-rows', at);
};
