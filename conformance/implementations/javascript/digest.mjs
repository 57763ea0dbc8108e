// Chapter 1.8.
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { isKnown, readTable } from './tables.mjs';
import { compareBytes } from './errors.mjs';

const LAYERS = ['hierarchy', 'reference', 'groupings', 'axes', 'descriptors', 'operators', 'landmarks'];
const FULL = [...LAYERS, 'provenance', 'annotations'];
export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

function numberBytes(data) {
  let out = data;
  if (data instanceof Float32Array || data instanceof Float64Array) {
    const nan = data instanceof Float32Array ? 0x7fc00000 : 0x7ff8000000000000n;
    const bits = data instanceof Float32Array ? new Uint32Array(data.slice().buffer) : new BigUint64Array(data.slice().buffer);
    for (let i = 0; i < data.length; i++) if (Number.isNaN(data[i])) bits[i] = nan;
    out = bits;
  }
  return new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
}

function textBytes(data) {
  const parts = [];
  for (const text of data) {
    const bytes = Buffer.from(text, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    parts.push(length, bytes);
  }
  return Buffer.concat(parts);
}

async function nodeLines(store, path) {
  const node = store.nodes.get(path);
  if (node.kind === 'group') {
    if (Object.keys(node.payload).length === 0) return [];
    return [[path, 'group', '', '', sha256(Buffer.from(canonicalize(node.payload), 'utf8'))]];
  }
  const array = await store.array(path);
  if (!store.isTable(path)) return [[path, 'array', array.dtype, JSON.stringify(array.shape), sha256(numberBytes(array.data))]];
  const table = (node.table ??= readTable(array, path));
  const known = [...table.columns].filter(([, { dtype }]) => isKnown(dtype)); // DIG-17
  return known.map(([name, { data, dtype }]) => [
    `${path}/${name}`, 'column', dtype === 'text' ? 'string' : dtype, `[${table.rows}]`,
    sha256(dtype === 'text' ? textBytes(data) : numberBytes(data)),
  ]);
}

async function lines(store, layers) {
  const all = [];
  for (const path of store.nodes.keys()) {
    if (path === '' || layers.includes(path.split('/')[0])) all.push(...await nodeLines(store, path));
  }
  return all.sort((a, b) => compareBytes(a[0], b[0]));
}

const hash = (list) => sha256(Buffer.from(list.map((line) => `${line.join('\t')}\n`).join(''), 'utf8'));
export const digest = async (store) => hash(await lines(store, LAYERS));
export const digestFull = async (store) => hash(await lines(store, FULL));
export async function digestPartial(store, path) {
  const list = (await lines(store, FULL)).filter(([p]) => p === path || p.startsWith(`${path}/`));
  return list.length ? hash(list) : undefined;
}
