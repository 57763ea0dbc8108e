// The kinds `describe` and `round_trip`.
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import yazl from 'yazl';
import { evaluate as refuse, schema } from './errors.mjs';
import { readTable } from './tables.mjs';

const DESCRIBED = ['id', 'regime', 'mode', 'scope', 'signal_type', 'algebra'];

export async function answerDescribe(deposition, request) {
  const { store, hierarchy } = deposition;
  const out = {};
  const arrays = {};
  for (const name of request.outputs ?? []) {
    if (name === 'counts') {
      const rows = (group) => (hierarchy[group] ? Object.values(hierarchy[group])[0].data.length : 0);
      out.counts = Object.fromEntries(['atoms', 'residues', 'chains', 'entities', 'bonds'].map((g) => [g, rows(g)]));
    } else if (name === 'descriptors') {
      out.descriptors = [...deposition.descriptors.values()].map(({ doc }) => Object.fromEntries(DESCRIBED.map((key) => [key, doc[key]])));
    } else {
      out.axes = [...deposition.axes.values()].map(({ name: axis, length }) => ({ name: axis, length }));
    }
  }
  for (const path of request.arrays ?? []) {
    if (store.nodes.get(path)?.kind !== 'array') throw refuse('bad-request', 'arrays');
    arrays[`array:${path}`] = await store.array(path);
  }
  for (const path of request.columns ?? []) {
    const [group, name] = [dirname(path), path.split('/').pop()];
    if (store.isTable(group)) {
      const table = readTable(await store.array(group), group);
      const column = table.columns.get(name);
      if (!column) throw refuse('bad-request', 'columns');
      if (column.dtype === 'text') out[`column:${path}`] = column.data;
      else arrays[`column:${path}`] = { data: column.data, dtype: column.dtype, shape: [table.rows] };
    } else if (store.nodes.get(path)?.kind === 'array') {
      const words = store.group(group)?.payload.vocabularies?.[name];
      const array = await store.array(path);
      if (words) out[`column:${path}`] = Array.from(array.data, (code) => (code < 0 ? null : words[code]));
      else arrays[`column:${path}`] = array;
    } else throw refuse('bad-request', 'columns');
  }
  for (const path of request.attributes ?? []) {
    const node = store.group(path);
    if (!node) throw refuse('bad-request', 'attributes');
    out[`attribute:${path}`] = node.payload;
  }
  return { out, arrays };
}

// STO-11: a number that would be written as an integer beyond 2^53 - 1.
function checkIntegers(value, at) {
  if (Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 1e21) throw schema('schema-violation', at);
  if (value !== null && typeof value === 'object') for (const [key, item] of Object.entries(value)) checkIntegers(item, `${at}/${key}`);
}

async function files(store) {
  const out = new Map();
  for (const [path, node] of store.nodes) {
    const at = (name) => (path ? `${path}/${name}` : name);
    if (node.kind === 'group') {
      const { consolidated_metadata: _, ...meta } = node.meta;
      checkIntegers(node.payload, `${path}#`);
      out.set(at('zarr.json'), Buffer.from(JSON.stringify(meta)));
      continue;
    }
    const { data, shape, dtype } = await store.array(path);
    const single = data.BYTES_PER_ELEMENT === 1;
    out.set(at('zarr.json'), Buffer.from(JSON.stringify({
      zarr_format: 3, node_type: 'array', shape, data_type: dtype,
      chunk_grid: { name: 'regular', configuration: { chunk_shape: shape.map((n) => Math.max(n, 1)) } },
      chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
      fill_value: dtype === 'bool' ? false : 0,
      codecs: [single ? { name: 'bytes' } : { name: 'bytes', configuration: { endian: 'little' } }],
      attributes: node.meta.attributes ?? {},
      ...(node.meta.dimension_names ? { dimension_names: node.meta.dimension_names } : {}),
    })));
    if (data.length) out.set(at(['c', ...shape.map(() => 0)].join('/')), Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  }
  return out;
}

export async function writeStore(store, dir, kind) {
  const all = await files(store);
  if (kind === 'zip') {
    const zip = new yazl.ZipFile();
    for (const [name, bytes] of all) zip.addBuffer(bytes, name, { compress: false });
    zip.end();
    await new Promise((done, failed) => {
      zip.outputStream.pipe(createWriteStream(join(dir, 'written.zarr.zip'))).on('close', done).on('error', failed);
    });
    return 'written.zarr.zip';
  }
  for (const [name, bytes] of all) {
    const path = join(dir, 'written.zarr', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
  return 'written.zarr';
}
