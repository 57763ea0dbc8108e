// Chapter 16: decoding of MMTF, both dialects.
import { gunzipSync } from 'node:zlib';
import { container, schema } from './errors.mjs';
import { readMap, Real } from './messagepack.mjs';

const RANGE = { int8: [-128, 127], int32: [-(2 ** 31), 2 ** 31 - 1], characters: [0, 127] };
const ARRAY = { float32: Float32Array, int32: Int32Array, int8: Int8Array, characters: Uint8Array };

// Name: type, what it has one value of, and the encoding of the draft.
const BINARY = {
  xCoordList: ['float32', 'atom'], yCoordList: ['float32', 'atom'], zCoordList: ['float32', 'atom'], bFactorList: ['float32', 'atom'],
  occupancyList: ['float32', 'atom', (b) => quotients(runs(b), 100)],
  atomIdList: ['int32', 'atom', (b) => deltas(runs(b))],
  altLocList: ['characters', 'atom', (b) => runs(b)],
  groupIdList: ['int32', 'group', (b) => deltas(runs(b))],
  groupTypeList: ['int32', 'group', (b) => b.integers(4)],
  sequenceIndexList: ['int32', 'group', (b) => deltas(runs(b))],
  insCodeList: ['characters', 'group', (b) => runs(b)],
  secStructList: ['int8', 'group', (b) => b.integers(1)],
  chainIdList: ['text', 'chain', (b) => b.strings(4)],
  chainNameList: ['text', 'chain', (b) => b.strings(4)],
  bondAtomList: ['int32', 'bond', (b) => b.integers(4)],
  bondOrderList: ['int8', 'bond', (b) => b.integers(1)],
  bondResonanceList: ['int8', 'bond'],
};
const SPLIT = { xCoord: 1000, yCoord: 1000, zCoord: 1000, bFactor: 100 };
const REQUIRED = ['mmtfVersion', 'mmtfProducer', 'numBonds', 'numAtoms', 'chainsPerModel', 'groupsPerChain', 'groupList',
  'xCoordList', 'yCoordList', 'zCoordList', 'groupIdList', 'groupTypeList', 'chainIdList'];
const COUNTS = ['numGroups', 'numChains', 'numModels'];

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

class Payload {
  constructor(field, bytes, limit) { Object.assign(this, { field, bytes, limit }); }
  fail(code) { return container(code, this.field); }
  integers(size, expected) {
    const { bytes } = this;
    if (bytes.length % size || (expected !== undefined && bytes.length !== size * expected)) throw this.fail('payload-size');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const read = { 1: (i) => view.getInt8(i), 2: (i) => view.getInt16(2 * i), 4: (i) => view.getInt32(4 * i) }[size];
    return this.values(Array.from({ length: bytes.length / size }, (_, i) => read(i)));
  }
  floats(expected) {
    const { bytes } = this;
    if (bytes.length !== 4 * expected) throw this.fail('payload-size');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return this.values(Array.from({ length: expected }, (_, i) => view.getFloat32(4 * i)));
  }
  strings(size, expected) {
    const { bytes } = this;
    if (bytes.length % size || (expected !== undefined && bytes.length !== size * expected)) throw this.fail('payload-size');
    return this.values(Array.from({ length: bytes.length / size }, (_, i) => {
      let [start, end] = [size * i, size * (i + 1)];
      while (start < end && bytes[start] === 0) start++;
      while (end > start && bytes[end - 1] === 0) end--;
      const part = bytes.subarray(start, end);
      if (part.includes(0)) throw this.fail('value-out-of-range');
      try {
        return utf8.decode(part);
      } catch {
        throw this.fail('not-utf8');
      }
    }));
  }
  // A list that knows where it came from, for the errors of the steps after it.
  values(list) { return Object.assign(list, { source: this }); }
}

function runs(payload, expected) {
  const pairs = payload.integers(4);
  if (pairs.length % 2) throw payload.fail('payload-size');
  let total = 0;
  for (let i = 1; i < pairs.length; i += 2) {
    if (pairs[i] < 0) throw payload.fail('negative-run');
    total += pairs[i];
  }
  if (expected !== undefined && total !== expected) throw payload.fail('length-mismatch');
  if (total > payload.limit) throw payload.fail('too-large');
  const out = [];
  for (let i = 0; i < pairs.length; i += 2) for (let k = 0; k < pairs[i + 1]; k++) out.push(pairs[i]);
  return payload.values(out);
}

function deltas(list) {
  let sum = 0;
  const [low, high] = RANGE.int32;
  return list.source.values(list.map((d) => {
    sum += d;
    if (sum < low || sum > high) throw list.source.fail('value-out-of-range');
    return sum;
  }));
}

const quotients = (list, divisor) => list.source.values(list.map((v) => Math.fround(v / divisor)));

function recursive(payload, size, expected) {
  const [low, high] = size === 1 ? [-128, 127] : [-32768, 32767];
  const out = [];
  let sum = 0;
  let open = false;
  for (const part of payload.integers(size)) {
    sum += part;
    open = part === low || part === high;
    if (open) continue;
    if (sum < RANGE.int32[0] || sum > RANGE.int32[1]) throw payload.fail('value-out-of-range');
    out.push(sum);
    sum = 0;
  }
  if (open) throw payload.fail('unterminated-index');
  if (out.length !== expected) throw payload.fail('length-mismatch');
  return payload.values(out);
}

// Result type and decoding of each codec; `n` values are due, `p` is the parameter.
const CODECS = {
  1: ['float32', (b, n) => b.floats(n)],
  2: ['integers', (b, n) => b.integers(1, n)],
  3: ['integers', (b, n) => b.integers(2, n)],
  4: ['integers', (b, n) => b.integers(4, n)],
  5: ['text', (b, n, p) => b.strings(p, n)],
  6: ['characters', (b, n) => runs(b, n)],
  7: ['integers', (b, n) => runs(b, n)],
  8: ['integers', (b, n) => deltas(runs(b, n))],
  9: ['float32', (b, n, p) => quotients(runs(b, n), p)],
  10: ['float32', (b, n, p) => quotients(deltas(recursive(b, 2, n)), p)],
  11: ['float32', (b, n, p) => quotients(b.integers(2, n), p)],
  12: ['float32', (b, n, p) => quotients(recursive(b, 2, n), p)],
  13: ['float32', (b, n, p) => quotients(recursive(b, 1, n), p)],
  14: ['integers', (b, n) => recursive(b, 2, n)],
  15: ['integers', (b, n) => recursive(b, 1, n)],
  16: ['integers', (b, n) => fitted(runs(b, n), 'int8')],
};
const WITH_PARAMETER = new Set([5, 9, 10, 11, 12, 13]);

function fitted(list, type) {
  const [low, high] = RANGE[type] ?? [-Infinity, Infinity];
  if (list.some((v) => v < low || v > high)) throw list.source.fail('value-out-of-range');
  return list;
}

function decodeField(field, bytes, limit) {
  const [type] = BINARY[field];
  if (bytes.length < 12) throw container('bad-header', field);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [codec, n, parameter] = [0, 4, 8].map((at) => view.getInt32(at));
  if (n < 0) throw container('bad-header', field);
  if (!CODECS[codec]) throw container('unsupported-codec', field);
  if (WITH_PARAMETER.has(codec) && parameter <= 0) throw container('bad-parameter', field);
  if (n > limit) throw container('too-large', field);
  const [result, decode] = CODECS[codec];
  const fits = result === type || (result === 'integers' && (type === 'int32' || type === 'int8'));
  if (!fits) throw schema('wrong-type', field);
  const values = decode(new Payload(field, bytes.subarray(12), limit), n, parameter);
  if (codec === 1 && !values.every(Number.isFinite)) throw schema('non-finite', field);
  return values;
}

function splitField(fields, name, divisor, limit) {
  const [big, small] = [`${name}Big`, `${name}Small`];
  for (const key of [big, small]) {
    if (!fields.has(key)) throw schema('missing-field', key);
    if (!(fields.get(key) instanceof Uint8Array)) throw schema('wrong-type', key);
  }
  const payload = new Payload(big, fields.get(big), limit);
  const pairs = payload.integers(4);
  if (pairs.length % 2) throw payload.fail('payload-size');
  const rest = new Payload(small, fields.get(small), limit).integers(2);
  let total = 0;
  for (let i = 1; i < pairs.length; i += 2) {
    if (pairs[i] < 0) throw payload.fail('negative-run');
    total += pairs[i];
  }
  if (total !== rest.length) throw payload.fail('length-mismatch');
  const steps = [];
  let taken = 0;
  for (let i = 0; i < pairs.length; i += 2) {
    steps.push(pairs[i]);
    for (let k = 0; k < pairs[i + 1]; k++) steps.push(rest[taken++]);
  }
  return quotients(deltas(payload.values(steps)), divisor);
}

// Checks of fields that are not binary. Each throws at `where`.
const bad = (where) => { throw schema('wrong-type', where); };
const text = (v, where) => typeof v === 'string' || bad(where);
const integer = (v, where) => Number.isInteger(v) || typeof v === 'bigint' || bad(where);
const from = (low, high) => (v, where) => {
  integer(v, where);
  if (v < low || v > high) throw schema('bad-value', where);
};
const count = from(0, 2 ** 31 - 1);
const number = (v, where) => {
  if (!(v instanceof Real)) integer(v, where);
  if (!Number.isFinite(Math.fround(Number(v instanceof Real ? v.value : v)))) throw schema('non-finite', where);
};
const map = (v, where) => v instanceof Map || bad(where);
const byText = (v, where) => map(v, where) && [...v.keys()].forEach((key) => text(key, where));
const properties = (v, where) => {
  byText(v, where);
  for (const item of v.values()) if (!(Array.isArray(item) || item instanceof Uint8Array)) bad(where);
};
const listOf = (check, length) => (v, where) => {
  if (!Array.isArray(v)) bad(where);
  if (length !== undefined && v.length !== length) throw schema('wrong-length', where);
  v.forEach((x, i) => check(x, `${where}[${i}]`));
};
const object = (keys) => (v, where) => {
  map(v, where);
  for (const [key, [required, check]] of Object.entries(keys)) {
    if (v.has(key)) check(v.get(key), `${where}.${key}`);
    else if (required) throw schema('missing-field', `${where}.${key}`);
  }
};
const group = object({
  groupName: [true, text], singleLetterCode: [true, text], chemCompType: [true, text], atomNameList: [true, listOf(text)],
  elementList: [true, listOf(text)], formalChargeList: [true, listOf(from(-128, 127))], bondAtomList: [false, listOf(integer)],
  bondOrderList: [false, listOf(integer)], bondResonanceList: [false, listOf(integer)],
});
const CHECKS = {
  mmtfVersion: text, mmtfProducer: text, structureId: text, title: text, depositionDate: text, releaseDate: text, spaceGroup: text,
  numBonds: count, numAtoms: count, numGroups: count, numChains: count, numModels: count,
  chainsPerModel: listOf(count), groupsPerChain: listOf(count), groupList: listOf(group), unitCell: listOf(number, 6),
  resolution: number, rFree: number, rWork: number, experimentalMethods: listOf(text), ncsOperatorList: listOf(listOf(number, 16)),
  bioAssemblyList: listOf(object({
    name: [false, text],
    transformList: [true, listOf(object({ chainIndexList: [true, listOf(integer)], matrix: [true, listOf(number, 16)] }))],
  })),
  entityList: listOf(object({
    chainIndexList: [true, listOf(integer)], description: [true, text], type: [true, text], sequence: [true, text],
  })),
  atomProperties: properties, bondProperties: properties, groupProperties: properties, chainProperties: properties,
  modelProperties: properties, extraProperties: byText,
};

const ORDERS = new Set([-1, 1, 2, 3, 4]);
const RESONANCES = new Set([-1, 0, 1]);

function unzip(file) {
  if (!(file[0] === 0x1f && file[1] === 0x8b)) return file;
  try {
    const { buffer, engine } = gunzipSync(file, { maxOutputLength: 2 ** 31 - 1, info: true });
    if (file.subarray(engine.bytesWritten).every((byte) => byte === 0)) return new Uint8Array(buffer);
  } catch (e) {
    throw container(e.code === 'Z_BUF_ERROR' ? 'truncated' : 'not-messagepack', 'file');
  }
  throw container('not-messagepack', 'file');
}

export function decodeMmtf(file, outputs) {
  const bytes = unzip(new Uint8Array(file));
  const limit = Math.max(2 ** 20, bytes.length);
  const fields = readMap(bytes);
  const version = fields.get('mmtfVersion');
  if (typeof version === 'string' && !/^[01](\.|$)/.test(version)) throw container('unsupported-version', 'mmtfVersion');

  const splits = Object.keys(SPLIT).flatMap((name) => [`${name}Big`, `${name}Small`]).filter((key) => fields.has(key));
  const draft = splits.length > 0;
  if (draft && Object.keys(SPLIT).some((name) => fields.has(`${name}List`))) throw schema('mixed-dialect', splits[0]);

  const out = new Map(fields);
  for (const [name, divisor] of Object.entries(SPLIT)) {
    if (!fields.has(`${name}Big`) && !fields.has(`${name}Small`)) continue;
    out.set(`${name}List`, splitField(fields, name, divisor, limit));
    out.delete(`${name}Big`);
    out.delete(`${name}Small`);
  }
  for (const key of [...REQUIRED, ...(draft ? [] : COUNTS)]) if (!out.has(key)) throw schema('missing-field', key);

  let groups = out.get('groupList');
  let keys;
  if (groups instanceof Map) {
    const entries = [...groups].map(([key, value]) => [/^[0-9]+$/.test(key) ? BigInt(key) : bad('groupList'), value])
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    keys = new Map(entries.map(([key], i) => [key, i]));
    if (keys.size < entries.length) throw container('duplicate-field', 'groupList');
    groups = entries.map(([, value]) => value);
    out.set('groupList', groups);
  }
  if (draft && Array.isArray(groups)) {
    for (const g of groups) {
      if (g instanceof Map && g.has('atomChargeList') && !g.has('formalChargeList')) {
        g.set('formalChargeList', g.get('atomChargeList'));
        g.delete('atomChargeList');
      }
    }
  }
  for (const [key, check] of Object.entries(CHECKS)) if (out.has(key)) check(out.get(key), key);

  for (const key of Object.keys(BINARY)) {
    if (!out.has(key)) continue;
    const value = out.get(key);
    if (value?.source) continue; // a split field, done above
    if (!(value instanceof Uint8Array)) throw schema('wrong-type', key);
    const [type, , fromDraft] = BINARY[key];
    const decoded = draft && fromDraft ? fromDraft(new Payload(key, value, limit)) : decodeField(key, value, limit);
    out.set(key, fitted(decoded, type));
  }
  if (keys) {
    out.set('groupTypeList', out.get('groupTypeList').map((key) => keys.get(BigInt(key)) ?? -1));
  }
  check(out, draft, groups);
  return render(out, outputs);
}

function check(out, draft, groups) {
  const types = out.get('groupTypeList');
  const chains = out.get('groupsPerChain');
  const models = out.get('chainsPerModel');
  if (draft) {
    const lengths = { numGroups: types.length, numChains: chains.length, numModels: models.length };
    for (const [key, length] of Object.entries(lengths)) if (!out.has(key)) out.set(key, length);
  }
  const fail = (code, where) => { throw schema(code, where); };
  groups.forEach((g, i) => {
    const at = `groupList[${i}]`;
    const atoms = g.get('atomNameList').length;
    for (const key of ['elementList', 'formalChargeList']) if (g.get(key).length !== atoms) fail('wrong-length', `${at}.${key}`);
    const bonds = g.get('bondAtomList') ?? [];
    if (bonds.length % 2) fail('wrong-length', `${at}.bondAtomList`);
    if (bonds.some((a) => a < 0 || a >= atoms)) fail('index-out-of-range', `${at}.bondAtomList`);
    checkBonds(g, bonds.length / 2, `${at}.`);
  });
  const badType = types.findIndex((t) => t < 0 || t >= groups.length);
  if (badType >= 0) fail('index-out-of-range', 'groupTypeList');
  const sum = (list) => list.reduce((a, b) => a + b, 0);
  if (out.get('numModels') !== models.length) fail('count-mismatch', 'numModels');
  if (out.get('numChains') !== chains.length) fail('count-mismatch', 'numChains');
  if (sum(models) !== chains.length) fail('count-mismatch', 'chainsPerModel');
  if (out.get('numGroups') !== types.length) fail('count-mismatch', 'numGroups');
  if (sum(chains) !== types.length) fail('count-mismatch', 'groupsPerChain');
  const atoms = sum(types.map((t) => groups[t].get('atomNameList').length));
  if (out.get('numAtoms') !== atoms) fail('count-mismatch', 'numAtoms');

  const lengths = { atom: atoms, group: types.length, chain: chains.length };
  const bonds = out.get('bondAtomList') ?? [];
  if (bonds.length % 2) fail('wrong-length', 'bondAtomList');
  if (bonds.some((a) => a < 0 || a >= atoms)) fail('index-out-of-range', 'bondAtomList');
  checkBonds(out, bonds.length / 2, '');
  const firstModel = sum(chains.slice(0, models[0] ?? 0));
  for (const [key, [, per]] of Object.entries(BINARY)) {
    if (!out.has(key) || per === 'bond') continue;
    const { length } = out.get(key);
    if (length !== lengths[per] && !(key === 'secStructList' && length === firstModel)) fail('wrong-length', key);
  }
  const indices = (list, where) => { if (list.some((c) => c < 0 || c >= chains.length)) fail('index-out-of-range', `${where}.chainIndexList`); };
  out.get('entityList')?.forEach((e, i) => indices(e.get('chainIndexList'), `entityList[${i}]`));
  out.get('bioAssemblyList')?.forEach((a, i) => a.get('transformList')
    .forEach((t, k) => indices(t.get('chainIndexList'), `bioAssemblyList[${i}].transformList[${k}]`)));
}

function checkBonds(holder, bonds, at) {
  for (const [key, legal] of [['bondOrderList', ORDERS], ['bondResonanceList', RESONANCES]]) {
    const list = holder.get(key);
    if (!list) continue;
    if (list.length !== bonds) throw schema('wrong-length', `${at}${key}`);
    if (list.some((v) => !legal.has(v))) throw schema('bad-value', `${at}${key}`);
  }
}

function plain(value) {
  if (value instanceof Real) return value.value;
  if (value instanceof Map) return Object.fromEntries([...value].map(([k, v]) => [k, plain(v)]));
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === 'bigint' ? String(value) : value;
}

function render(out, outputs) {
  const result = {};
  for (const key of outputs) {
    if (!out.has(key)) continue;
    const value = out.get(key);
    const type = BINARY[key]?.[0];
    if (type && type !== 'text') {
      result[key] = { data: ARRAY[type].from(value), shape: [value.length], dtype: type === 'characters' ? 'uint8' : type };
    } else if (type) result[key] = [...value];
    else if (value instanceof Uint8Array) result[key] = { data: value, shape: [value.length], dtype: 'uint8' };
    else result[key] = plain(value);
  }
  return result;
}
