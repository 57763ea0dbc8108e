// Chapter 9.2 and 9.3: what lies beside the deposition, and bodies that run code.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import h5wasm from 'h5wasm/node';
import { sha256 } from './digest.mjs';
import { compareBytes, operator as refuse, semantic, Unsupported } from './errors.mjs';
import { UNITS } from './operators.mjs';
import { openZarr } from './store.mjs';

// Thrown by an evaluation that needs something from outside; the caller awaits `load` and evaluates again.
export class Needed extends Error {
  constructor(load) {
    super('needed');
    this.load = load;
  }
}

// As files spell them.
const SPELLINGS = {
  nm: 'nanometer', nanometer: 'nanometer', nanometre: 'nanometer', angstrom: 'angstrom', 'ångström': 'angstrom', 'å': 'angstrom', a: 'angstrom',
  pm: 'picometer', picometer: 'picometer', picometre: 'picometer', bohr: 'bohr', a0: 'bohr',
};

function digestOf(path) {
  if (!statSync(path).isDirectory()) return sha256(readFileSync(path));
  const names = [];
  const walk = (below) => {
    for (const entry of readdirSync(join(path, below), { withFileTypes: true })) {
      const name = below ? `${below}/${entry.name}` : entry.name;
      if (entry.isDirectory()) walk(name);
      else names.push(name);
    }
  };
  walk('');
  names.sort(compareBytes);
  return sha256(Buffer.from(names.map((name) => `${name}\t${sha256(readFileSync(join(path, name)))}\n`).join('')));
}

// Path of an artifact whose hash has been checked.
export function pinned(d) {
  const { uri, sha256: hash } = d.doc.artifact;
  const path = resolve(dirname(resolve(d.deposition.path)), decodeURIComponent(uri.replace(/^file:/, '')));
  if (!existsSync(path)) throw refuse('missing-artifact', `${d.at}#/artifact/uri`);
  if (digestOf(path) !== hash) throw refuse('artifact-mismatch', `${d.at}#/artifact/sha256`);
  return path;
}

const joined = (...parts) => parts.join('/').replace(/\/+/g, '/').replace(/^\/|\/$/g, '');

async function fromH5md(path, dataset) {
  await h5wasm.ready;
  const file = new h5wasm.File(path, 'r');
  try {
    const values = file.get(`/${joined(dataset ?? '', 'position', 'value')}`);
    const unit = values.attrs.unit?.value;
    return { data: values.value, shape: values.shape, unit: Array.isArray(unit) ? unit[0] : unit };
  } finally {
    file.close();
  }
}

async function fromZarr(path, dataset) {
  const store = await openZarr(path);
  const at = joined(dataset ?? '');
  const node = store.nodes.get(at);
  if (node.kind !== 'array') throw new Error('no array');
  const { data, shape } = await store.array(at);
  return { data, shape, unit: node.meta.attributes?.unit };
}

export async function loadTrajectory(d) {
  const path = pinned(d);
  const { dataset, unit } = d.doc.artifact;
  const where = `${d.at}#/artifact`;
  const wrong = () => refuse('artifact-mismatch', where);
  let found;
  try {
    found = await (d.doc.operator.id === 'external_reference/h5md_v1' ? fromH5md : fromZarr)(path, dataset);
  } catch {
    throw wrong();
  }
  const { data, shape } = found;
  if (shape?.length !== 3 || shape[2] !== 3 || shape[1] !== d.rows.length) throw wrong();
  if (!(data instanceof Float32Array || data instanceof Float64Array)) throw wrong();
  if (found.unit !== undefined && SPELLINGS[String(found.unit).toLowerCase()] !== unit) throw wrong();
  if (shape[0] !== d.deposition.axes.get(d.doc.sample_axis).length) throw semantic('axis-length', where);
  const factor = UNITS[unit];
  d.trajectory = Float64Array.from(data, (x) => factor * x);
}

export async function runBody(d) {
  throw new Unsupported('external', d.doc.operator.id);
}
