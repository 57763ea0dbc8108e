// Chapter 1: a Zarr v3 hierarchy in a directory or a zip file, read with zarrita.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, gunzipSync } from 'node:zlib';
import { crc32c } from '@aws-crypto/crc32c';
import * as zarr from 'zarrita';
import yauzl from 'yauzl';
import { container, schema } from './errors.mjs';

export const TYPES = {
  bool: Uint8Array, int8: Int8Array, int16: Int16Array, int32: Int32Array, int64: BigInt64Array, uint8: Uint8Array,
  uint16: Uint16Array, uint32: Uint32Array, uint64: BigUint64Array, float32: Float32Array, float64: Float64Array,
};
const CODECS = new Set(['bytes', 'zstd', 'gzip', 'crc32c', 'sharding_indexed']);
export const TABLE_TYPE = 'application/vnd.apache.arrow.file';
const LARGEST = 2 ** 31;

// zarrita neither verifies checksums nor the size of a chunk; these do.
class Checksum {
  kind = 'bytes_to_bytes';
  static fromConfig() { return new Checksum(); }
  computeEncodedSize(n) { return n + 4; }
  decode(bytes) {
    const body = bytes.subarray(0, bytes.length - 4);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < 4 || view.getUint32(bytes.length - 4, true) !== crc32c(body)) throw new Error('checksum differs');
    return body;
  }
}
class Gzip {
  kind = 'bytes_to_bytes';
  static fromConfig() { return new Gzip(); }
  decode(bytes) {
    const { buffer: out, engine } = gunzipSync(bytes, { info: true });
    if (bytes.subarray(engine.bytesWritten).some((b) => b !== 0)) throw new Error('more than padding after a member'); // STO-57
    return new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
  }
}
const Bytes = zarr.registry.get('bytes')();
class ExactBytes {
  kind = 'array_to_bytes';
  constructor(configuration, meta) {
    this.inner = Bytes.fromConfig(configuration, meta);
    this.size = meta.shape.reduce((a, b) => a * b, 1) * TYPES[meta.dataType].BYTES_PER_ELEMENT;
  }
  static fromConfig(configuration, meta) { return new ExactBytes(configuration, meta); }
  computeEncodedSize(n) { return n; }
  decode(bytes) {
    if (bytes.byteLength !== this.size) throw new Error(`${bytes.byteLength} bytes where ${this.size} are due`);
    return this.inner.decode(new Uint8Array(bytes));
  }
}
const Zstd = zarr.registry.get('zstd');
zarr.registry.set('zstd', async () => {
  const codec = await Zstd();
  return { fromConfig: () => codec.fromConfig({ level: 1 }) }; // the level is a writer's
});
zarr.registry.set('crc32c', () => Checksum);
zarr.registry.set('gzip', () => Gzip);
zarr.registry.set('bytes', () => ExactBytes);

// zarrita knows a shard at the top alone, its index at the end and no codec after it; under this name it is a codec.
class Shard {
  kind = 'array_to_bytes';
  constructor(configuration, { dataType, shape }) { Object.assign(this, { ...configuration, dataType, shape }); }
  static fromConfig(configuration, meta) { return new Shard(configuration, meta); }
  async decode(bytes) {
    const { dataType, shape, chunk_shape: inner, codecs, index_codecs: order, index_location: at, fill } = this;
    const counts = shape.map((n, d) => n / inner[d]);
    const length = 16 * counts.reduce((a, b) => a * b, 1) + (order.length > 1 ? 4 : 0);
    if (bytes.length < length) throw new Error('a shard without its index');
    const found = at === 'start' ? bytes.subarray(0, length) : bytes.subarray(bytes.length - length);
    const index = (await decoded(found, order, { dataType: 'uint64', shape: [...counts, 2] })).data;
    const out = new TYPES[dataType](shape.reduce((a, b) => a * b, 1)).fill(fillValue(fill, dataType));
    let k = 0;
    for (const place of box(counts.map(() => 0), counts)) {
      const [from, size] = index.subarray(k, k += 2);
      if (from === MISSING && size === MISSING) continue;
      if (from + size > bytes.length) throw new Error('a chunk that ends beyond its shard');
      const part = new Uint8Array(bytes.subarray(Number(from), Number(from + size)));
      paste(out, shape, place, inner, await decoded(part, codecs, { dataType, shape: inner }));
    }
    return { data: out, shape, stride: shape.map((_, d) => shape.slice(d + 1).reduce((a, b) => a * b, 1)) };
  }
}
const MISSING = 2n ** 64n - 1n;
zarr.registry.set('shard', () => Shard);

async function decoded(bytes, codecs, meta) {
  for (const { name, configuration } of codecs.toReversed()) {
    const codec = await zarr.registry.get(name)();
    bytes = await codec.fromConfig(configuration, meta).decode(bytes);
  }
  return bytes;
}

class Files {
  metadata = new Map(); // of arrays, as zarrita wants them
  async get(key) { return this.metadata.get(key.slice(1)) ?? this.read(key.slice(1)); }
}

// What is hidden at the top belongs to the machine (1.3).
const ofMachine = (key) => key.startsWith('.') && !/^\.+(\/|$)/.test(key);

class Directory extends Files {
  constructor(path) {
    super();
    this.path = path;
    this.keys = [];
    this.folders = [];
    const walk = (below) => {
      for (const entry of readdirSync(join(path, below), { withFileTypes: true })) {
        const name = below ? `${below}/${entry.name}` : entry.name;
        if (ofMachine(name)) continue;
        if (!entry.isDirectory() && !entry.isFile()) throw container('not-a-store', name, 'neither a file nor a folder'); // STO-48
        if (!below && entry.isDirectory()) this.folders.push(name);
        if (entry.isDirectory()) walk(name);
        else this.keys.push(name);
      }
    };
    walk('');
    this.known = new Set(this.keys);
  }
  read(key) {
    return this.known.has(key) ? new Uint8Array(readFileSync(join(this.path, key))) : undefined;
  }
}

class Zip extends Files {
  constructor(entries) {
    super();
    this.entries = entries;
    const names = [...entries.keys()].filter((k) => !ofMachine(k));
    this.keys = names.filter((k) => !k.endsWith('/'));
    this.folders = [...new Set(names.filter((k) => k.includes('/')).map((k) => k.split('/')[0]))];
  }
  read(key) {
    const bytes = this.entries.get(key);
    if (bytes instanceof Error) throw bytes;
    return bytes;
  }
}

function readZip(path) {
  return new Promise((resolve, reject) => {
    const bad = (m) => reject(container('not-a-store', '', String(m)));
    yauzl.fromBuffer(readFileSync(path), { lazyEntries: true }, (error, zip) => {
      if (error) return bad(error);
      const entries = new Map();
      zip.on('error', bad);
      zip.on('end', () => resolve(new Zip(entries)));
      zip.on('entry', (entry) => {
        const name = entry.fileName;
        if (ofMachine(name)) return zip.readEntry();
        if (entries.has(name)) return bad(`two entries are named ${name}`);
        if (![0, 8].includes(entry.compressionMethod) || entry.isEncrypted()) return bad(`the method of ${name}`); // STO-49
        const next = (value) => { entries.set(name, value); zip.readEntry(); };
        if (name.endsWith('/')) return next(new Uint8Array());
        zip.openReadStream(entry, (failed, stream) => {
          if (failed) return next(failed);
          const parts = [];
          stream.on('data', (part) => parts.push(part));
          stream.on('error', (e) => next(e));
          stream.on('end', () => {
            const bytes = new Uint8Array(Buffer.concat(parts));
            next(crc32(bytes) === entry.crc32 ? bytes : new Error('the checksum of the entry differs'));
          });
        });
      });
      zip.readEntry();
    });
  });
}

const isObject = (x) => x !== null && typeof x === 'object' && !Array.isArray(x);

export async function openStore(path) {
  const store = await openZarr(path);
  const root = store.nodes.get('');
  if (!root || root.kind !== 'group' || !isObject(root.meta.attributes?.polystate)) throw container('not-a-store', '');
  for (const { path: at, kind, payload } of store.nodes.values()) {
    if (kind === 'group' && !isObject(payload)) throw schema('schema-violation', `${at}#`);
  }
  return store;
}

// Any Zarr v3 hierarchy.
export async function openZarr(path) {
  if (!existsSync(path)) throw container('not-a-store', '', 'nothing is there');
  const files = statSync(path).isDirectory() ? new Directory(path) : await readZip(path);
  const nodes = new Map();
  const suffix = 'zarr.json';
  for (const key of files.keys) {
    if (key !== suffix && !key.endsWith(`/${suffix}`)) continue;
    const node = key.slice(0, -suffix.length - 1);
    if (node && node.split('/').some((name) => /^(\.*|__.*)$/s.test(name))) throw container('not-a-store', key); // STO-45
    if (/[\x00-\x1f]/.test(node)) throw container('not-a-store', key); // STO-47
    let meta;
    try {
      meta = parseJson(files.read(key));
    } catch (e) {
      throw container('not-a-store', node, e.message);
    }
    const { node_type: kind, attributes = {} } = isObject(meta) ? meta : {};
    if (meta?.zarr_format !== 3 || !['group', 'array'].includes(kind) || !isObject(attributes)) throw container('not-a-store', node);
    nodes.set(node, { path: node, meta, kind, payload: attributes.polystate === undefined ? {} : attributes.polystate });
  }
  for (const node of nodes.keys()) { // STO-50
    const above = node.includes('/') ? node.slice(0, node.lastIndexOf('/')) : '';
    if (node && nodes.get(above)?.kind !== 'group') throw container('not-a-store', node, 'the folder above is no group');
  }
  return new Store(files, nodes);
}

// STO-46: JSON that has one reading.
function parseJson(bytes) {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  const found = JSON.parse(text);
  const open = []; // keys of the objects, undefined for the lists, around a place of the text
  let last;
  for (const { 0: token, index } of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:]/gs)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      const key = JSON.parse(last);
      if (open.at(-1).has(key)) throw new Error(`the key ${key} stands twice`);
      open.at(-1).add(key);
      if (open.length === 1 && key === 'fill_value') { // as a number it has 53 bits
        const [, digits] = /^:\s*(-?\d+)\s*[,}]/.exec(text.slice(index)) ?? [];
        if (digits) Object.defineProperty(found, 'wholeFill', { value: BigInt(digits) });
      }
    } else {
      last = token;
      if (token.includes('\\u') && !JSON.parse(token).isWellFormed()) throw new Error('half of a surrogate pair');
    }
  }
  const check = (value) => {
    if (typeof value === 'number' && !Number.isFinite(value)) throw new Error('a number beyond the range of a float');
    if (value !== null && typeof value === 'object') Object.values(value).forEach(check);
  };
  check(found);
  return found;
}

// STO-44: what the metadata of an array may say.
function checkArray(meta, path) {
  const require = (holds, what) => { if (!holds) throw container('unreadable-array', path, what); };
  const whole = (list, least) => Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n >= least);
  const or = (value, otherwise) => (value === undefined ? otherwise : value);
  const configured = (x) => isObject(x) && isObject(or(x.configuration, {}));
  const { shape, data_type: dtype, chunk_grid: grid, chunk_key_encoding: keys, fill_value: fill } = meta;
  require(typeof dtype === 'string' && Object.hasOwn(TYPES, dtype), `data type ${JSON.stringify(dtype)}`);
  require(whole(shape, 0), 'shape');
  require(configured(grid) && grid.name === 'regular', 'chunk_grid');
  const chunk = grid.configuration?.chunk_shape;
  require(whole(chunk, 1) && chunk.length === shape.length, 'chunk_shape');
  require(configured(keys) && ['default', 'v2'].includes(keys.name), 'chunk_key_encoding');
  require(['/', '.'].includes(or(keys.configuration?.separator, '/')), 'separator');
  require(Array.isArray(or(meta.storage_transformers, [])) && or(meta.storage_transformers, []).length === 0, 'storage_transformers');
  const text = typeof fill === 'string' && (/^(NaN|-?Infinity)$/.test(fill)
    || (/^0x[0-9a-fA-F]+$/.test(fill) && fill.length === 2 + 2 * TYPES[dtype].BYTES_PER_ELEMENT));
  if (dtype === 'bool') require(typeof fill === 'boolean', 'fill_value');
  else if (dtype.startsWith('float')) require((typeof fill === 'number' && Math.abs(fill) <= LARGEST_FLOAT[dtype]) || text, 'fill_value');
  else require(Number.isInteger(fill) && isOfType(wholeFill(meta), dtype), 'fill_value');
  const chain = (codecs, of) => {
    require(Array.isArray(codecs) && codecs.length > 0, 'codecs');
    codecs.forEach((codec, k) => {
      const name = typeof codec === 'string' ? codec : codec?.name;
      require(typeof name === 'string', 'codecs');
      if (!CODECS.has(name)) throw container('unsupported-codec', path, `codec ${JSON.stringify(name)}`);
      const inner = or(codec.configuration, {});
      require(isObject(inner) && (k === 0) === ['bytes', 'sharding_indexed'].includes(name), 'codecs');
      if (name === 'bytes') require(['little', 'big'].includes(or(inner.endian, 'little')), 'endian');
      if (name === 'sharding_indexed') {
        const parts = inner.chunk_shape;
        require(whole(parts, 1) && parts.length === of.length && of.every((n, d) => n % parts[d] === 0), 'chunk_shape of a shard');
        require(['start', 'end'].includes(or(inner.index_location, 'end')), 'index_location');
        chain(inner.codecs, parts);
        chain(inner.index_codecs, parts);
        require(['bytes', 'bytes,crc32c'].includes(String(inner.index_codecs.map((c) => c.name ?? c))), 'index_codecs');
      }
    });
  };
  chain(meta.codecs, chunk);
}

// Codecs given by their names alone are spelled out. The order of single bytes is dropped: zarrita turns truth values.
function spelledOut(codecs, fill, single = false) {
  return codecs.map((codec) => {
    const { name = codec, configuration = {} } = codec;
    if (name === 'bytes') return { name, configuration: { endian: 'little', ...(single ? {} : configuration) } };
    if (name !== 'sharding_indexed') return { name, configuration };
    const { codecs: inner, index_codecs: index } = configuration;
    return { name: 'shard', configuration: { ...configuration, fill, codecs: spelledOut(inner, fill, single), index_codecs: spelledOut(index) } };
  });
}

const LARGEST_FLOAT = { float32: (2 - 2 ** -23) * 2 ** 127, float64: Number.MAX_VALUE };
const wholeFill = (meta) => meta.wholeFill ?? BigInt(meta.fill_value);
const isOfType = (whole, dtype) => BigInt(TYPES[dtype].of(dtype.endsWith('int64') ? whole : Number(whole))[0]) === whole;

function fillValue(fill, dtype) {
  if (typeof fill === 'string' && fill.startsWith('0x')) {
    const view = new DataView(new ArrayBuffer(8));
    if (dtype === 'float32') view.setUint32(0, Number(fill));
    else view.setBigUint64(0, BigInt(fill));
    return dtype === 'float32' ? view.getFloat32(0) : view.getFloat64(0);
  }
  return dtype.endsWith('int64') ? BigInt(fill) : Number(fill);
}

// All combinations of whole numbers from begin (inclusive) to end (exclusive), the last fastest.
function* box(begin, end) {
  if (begin.some((n, d) => n >= end[d])) return;
  const at = [...begin];
  for (;;) {
    yield [...at];
    let d = at.length - 1;
    while (d >= 0 && ++at[d] >= end[d]) at[d] = begin[d--];
    if (d < 0) return;
  }
}

// Copies what lies in an array of the chunk at a place of the grid.
function paste(out, shape, place, chunk, { data, stride }) {
  const low = place.map((n, d) => n * chunk[d]);
  const extent = low.map((n, d) => Math.min(chunk[d], shape[d] - n));
  const last = shape.length - 1; // rows of the last dimension are copied at once
  for (const index of box(extent.slice(0, -1).map(() => 0), extent.slice(0, -1))) {
    let from = 0, to = 0;
    index.forEach((n, d) => { from += n * stride[d]; to = to * shape[d] + low[d] + n; });
    if (last >= 0) to = to * shape[last] + low[last];
    const count = last < 0 ? 1 : extent[last];
    if (data.subarray && (last < 0 || stride[last] === 1)) out.set(data.subarray(from, from + count), to);
    else for (let i = 0; i < count; i++) out[to + i] = Number(data.get ? data.get(from + i * stride[last]) : data[from + i * stride[last]]);
  }
}

// The elements of an array, from the chunks that exist; keys are those of the files below it.
async function readChunks(opened, meta, fill, keys) {
  const { data_type: dtype, shape, chunk_grid: grid, chunk_key_encoding: encoding } = meta;
  const out = new TYPES[dtype](shape.reduce((a, b) => a * b, 1)).fill(fill);
  const chunk = grid.configuration.chunk_shape;
  const older = encoding.name === 'v2';
  const separator = encoding.configuration?.separator ?? (older ? '.' : '/');
  for (const key of keys) {
    const parts = key.split(separator);
    const place = (older && shape.length ? parts : parts.slice(1)).map(Number);
    const spelled = older ? place.join(separator) || '0' : ['c', ...place].join(separator);
    if (place.length !== shape.length || spelled !== key || place.some((n, d) => !(n >= 0 && n * chunk[d] < shape[d]))) continue;
    paste(out, shape, place, chunk, await opened.getChunk(place));
  }
  return out;
}

export class Store {
  constructor(files, nodes) {
    Object.assign(this, { files, nodes });
    this.root = zarr.root(files);
    for (const key of files.keys) { // which files are below which array
      let at = key;
      while (at.includes('/')) {
        at = at.slice(0, at.lastIndexOf('/'));
        const node = nodes.get(at);
        if (node?.kind === 'array') (node.files ??= []).push(key.slice(at.length + 1));
        if (node) break;
      }
    }
  }
  get payload() { return this.nodes.get('').payload; }
  group(path) {
    const node = this.nodes.get(path);
    return node?.kind === 'group' ? node : undefined;
  }
  // Names of the children of a path, whether the path has a node of its own or not.
  children(path) {
    const prefix = path ? `${path}/` : '';
    const names = new Set();
    for (const key of this.nodes.keys()) {
      if (key !== path && key.startsWith(prefix)) names.add(key.slice(prefix.length).split('/')[0]);
    }
    return [...names].sort();
  }
  isTable(path) {
    const node = this.nodes.get(path);
    return node?.kind === 'array' && node.meta.attributes?.polystate?.media_type === TABLE_TYPE;
  }
  async array(path) {
    const node = this.nodes.get(path);
    if (node.array) return node.array;
    const { meta } = node;
    checkArray(meta, path);
    const { data_type: dtype, shape } = meta;
    const size = shape.reduce((a, b) => a * b, 1);
    if (size * TYPES[dtype].BYTES_PER_ELEMENT > LARGEST) throw container('unreadable-array', path, 'larger than this reader reads');
    try {
      const fill = fillValue(/^u?int/.test(dtype) ? wholeFill(meta) : meta.fill_value, dtype);
      const plain = { ...meta, codecs: spelledOut(meta.codecs, Object.is(fill, -0) ? '-0' : String(fill), TYPES[dtype].BYTES_PER_ELEMENT === 1) };
      if (typeof fill === 'number' && Number.isFinite(fill)) plain.fill_value = fill; // zarrita reads no hexadecimal digits
      this.files.metadata.set(`${path}/zarr.json`, new TextEncoder().encode(JSON.stringify(plain)));
      const opened = await zarr.open.v3(this.root.resolve(`/${path}`), { kind: 'array' });
      const data = await readChunks(opened, plain, fill, node.files ?? []);
      if (data.length !== size) throw new Error('another number of elements');
      node.array = { data, shape, dtype };
    } catch (e) {
      throw container('unreadable-array', path, e.message);
    }
    return node.array;
  }
}
