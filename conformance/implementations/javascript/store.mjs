// Chapter 1: a Zarr v3 hierarchy in a directory or a zip file, read with zarrita.
import { closeSync, existsSync, openSync, readSync, readdirSync, readFileSync, statSync } from 'node:fs';
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
    const out = gunzipSync(bytes);
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

class Files {
  async get(key) { return this.read(key.slice(1)); }
  async getRange(key, range) {
    const bytes = this.read(key.slice(1));
    if (bytes === undefined) return undefined;
    const start = 'suffixLength' in range ? bytes.length - range.suffixLength : range.offset;
    const end = 'suffixLength' in range ? bytes.length : range.offset + range.length;
    if (start < 0 || end > bytes.length) throw new Error('range outside the file');
    return new Uint8Array(bytes.subarray(start, end));
  }
}

class Directory extends Files {
  constructor(path) {
    super();
    this.path = path;
    this.keys = [];
    this.folders = [];
    const walk = (below) => {
      for (const entry of readdirSync(join(path, below), { withFileTypes: true })) {
        const name = below ? `${below}/${entry.name}` : entry.name;
        const folder = entry.isDirectory() || (entry.isSymbolicLink() && statSync(join(path, name)).isDirectory());
        if (!below && folder) this.folders.push(name);
        if (folder) walk(name);
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
    this.keys = [...entries.keys()].filter((k) => !k.endsWith('/'));
    this.folders = [...new Set([...entries.keys()].filter((k) => k.includes('/')).map((k) => k.split('/')[0]))];
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
        if (entries.has(name)) return bad(`two entries are named ${name}`);
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
    if (key.startsWith('.')) continue;
    let meta;
    try {
      meta = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(files.read(key)));
    } catch (e) {
      throw container('not-a-store', node, e.message);
    }
    const { node_type: kind, attributes = {} } = isObject(meta) ? meta : {};
    if (meta?.zarr_format !== 3 || !['group', 'array'].includes(kind) || !isObject(attributes)) throw container('not-a-store', node);
    nodes.set(node, { path: node, meta, kind, payload: attributes.polystate === undefined ? {} : attributes.polystate });
  }
  return new Store(files, nodes);
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
  const text = typeof fill === 'string' && /^(NaN|-?Infinity|0x[0-9a-fA-F]+)$/.test(fill);
  if (dtype === 'bool') require(typeof fill === 'boolean', 'fill_value');
  else if (dtype.startsWith('float')) require(typeof fill === 'number' || text, 'fill_value');
  else require(Number.isInteger(fill) && (TYPES[dtype].BYTES_PER_ELEMENT === 8 || TYPES[dtype].of(fill)[0] === fill), 'fill_value');
  const chain = (codecs) => {
    require(Array.isArray(codecs) && codecs.length > 0, 'codecs');
    codecs.forEach((codec, k) => {
      const name = typeof codec === 'string' ? codec : codec?.name;
      if (!CODECS.has(name)) throw container('unsupported-codec', path, `codec ${JSON.stringify(name)}`);
      const inner = or(codec.configuration, {});
      require(isObject(inner) && (k === 0) === ['bytes', 'sharding_indexed'].includes(name), 'codecs');
      if (name === 'bytes') require(['little', 'big'].includes(or(inner.endian, 'little')), 'endian');
      if (name === 'sharding_indexed') {
        require(whole(inner.chunk_shape, 1), 'chunk_shape of a shard');
        chain(inner.codecs);
        chain(inner.index_codecs);
      }
    });
  };
  chain(meta.codecs);
}

export class Store {
  constructor(files, nodes) {
    Object.assign(this, { files, nodes });
    this.root = zarr.root(files);
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
      const opened = await zarr.open.v3(this.root.resolve(`/${path}`), { kind: 'array' });
      let data;
      if (size === 0) data = new TYPES[dtype](0);
      else if (shape.length === 0) data = (await opened.getChunk([])).data;
      else data = (await zarr.get(opened)).data;
      if (dtype === 'bool') data = Uint8Array.from({ length: size }, (_, i) => (data.get ? data.get(i) : data[i]) ? 1 : 0);
      if (data.length !== size) throw new Error('another number of elements');
      node.array = { data, shape, dtype };
    } catch (e) {
      throw container('unreadable-array', path, e.message);
    }
    return node.array;
  }
}
