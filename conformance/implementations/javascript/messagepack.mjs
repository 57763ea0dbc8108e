// A strict reader of MessagePack. The usual packages accept duplicate keys, malformed UTF-8 and trailing bytes in silence,
// which chapter 16 refuses by name; so this small one is our own. Maps become Map, binary values Uint8Array.
import { container } from './errors.mjs';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
    this.field = 'file';
    this.depth = 0;
  }
  fail(code) { return container(code, this.field); }
  need(n) {
    if (n > this.bytes.length - this.at) throw this.fail('truncated');
    const start = this.at;
    this.at += n;
    return start;
  }
  unsigned(size) {
    const at = this.need(size);
    return size === 1 ? this.view.getUint8(at) : size === 2 ? this.view.getUint16(at) : this.view.getUint32(at);
  }
  whole(big) {
    const n = Number(big);
    return Number.isSafeInteger(n) ? n : big;
  }
  text(n) {
    const at = this.need(n);
    try {
      return utf8.decode(this.bytes.subarray(at, at + n));
    } catch {
      throw this.fail('not-utf8');
    }
  }
  binary(n) {
    const at = this.need(n);
    return this.bytes.slice(at, at + n);
  }
  list(n) {
    if (n > this.bytes.length - this.at) throw this.fail('truncated');
    return this.nested(() => Array.from({ length: n }, () => this.value()));
  }
  nested(read) {
    if (++this.depth > 200) throw this.fail('too-large');
    const out = read();
    this.depth--;
    return out;
  }
  map(n, top) {
    if (n > this.bytes.length - this.at) throw this.fail('truncated');
    return this.nested(() => {
      const out = new Map();
      for (let i = 0; i < n; i++) {
        const key = this.value();
        if (typeof key !== 'string' && (top || (typeof key !== 'number' && typeof key !== 'bigint'))) throw this.fail('not-messagepack');
        if (top) this.field = key;
        if (out.has(key)) throw this.fail('duplicate-field');
        out.set(key, this.value());
        if (top) this.field = 'file';
      }
      return out;
    });
  }
  value() {
    const top = this.at === 0;
    const tag = this.unsigned(1);
    if (tag < 0x80) return tag;
    if (tag < 0x90) return this.map(tag & 15, top);
    if (tag < 0xa0) return this.list(tag & 15);
    if (tag < 0xc0) return this.text(tag & 31);
    if (tag >= 0xe0) return tag - 256;
    switch (tag) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: return this.binary(this.unsigned(1));
      case 0xc5: return this.binary(this.unsigned(2));
      case 0xc6: return this.binary(this.unsigned(4));
      case 0xca: return new Real(this.view.getFloat32(this.need(4)));
      case 0xcb: return new Real(this.view.getFloat64(this.need(8)));
      case 0xcc: return this.unsigned(1);
      case 0xcd: return this.unsigned(2);
      case 0xce: return this.unsigned(4);
      case 0xcf: return this.whole(this.view.getBigUint64(this.need(8)));
      case 0xd0: return this.view.getInt8(this.need(1));
      case 0xd1: return this.view.getInt16(this.need(2));
      case 0xd2: return this.view.getInt32(this.need(4));
      case 0xd3: return this.whole(this.view.getBigInt64(this.need(8)));
      case 0xd9: return this.text(this.unsigned(1));
      case 0xda: return this.text(this.unsigned(2));
      case 0xdb: return this.text(this.unsigned(4));
      case 0xdc: return this.list(this.unsigned(2));
      case 0xdd: return this.list(this.unsigned(4));
      case 0xde: return this.map(this.unsigned(2), top);
      case 0xdf: return this.map(this.unsigned(4), top);
      default: throw this.fail('not-messagepack');
    }
  }
}

// A float keeps its type: 2.0 is no integer.
export class Real {
  constructor(value) { this.value = value; }
  toJSON() { return this.value; }
}

export function readMap(bytes) {
  const reader = new Reader(bytes);
  if (bytes.length === 0) throw container('truncated', 'file');
  const out = reader.value();
  if (!(out instanceof Map) || reader.at !== bytes.length) throw container('not-messagepack', 'file');
  return out;
}
