// Chapter 9.2 and 9.3: what lies beside the deposition, and bodies that run code.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import h5wasm from 'h5wasm/node';
import yauzl from 'yauzl';
import { sha256 } from './digest.mjs';
import { compareBytes, evaluate, operator as refuse, semantic, Unsupported } from './errors.mjs';
import { registry } from './registry.mjs';
import { UNITS } from './units.mjs';
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
  nm: 'nanometer', nanometer: 'nanometer', nanometers: 'nanometer', nanometre: 'nanometer',
  angstrom: 'angstrom', angstroms: 'angstrom', ang: 'angstrom', 'ångström': 'angstrom', 'å': 'angstrom', a: 'angstrom',
  pm: 'picometer', picometer: 'picometer', picometers: 'picometer', picometre: 'picometer',
  bohr: 'bohr', a0: 'bohr', a_0: 'bohr', au: 'bohr',
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
  const path = resolve(dirname(resolve(d.deposition.path)), decodeURIComponent(uri.replace(/^file:/i, '')));
  if (!existsSync(path)) throw refuse('missing-artifact', `${d.at}#/artifact/uri`);
  if (digestOf(path) !== hash) throw refuse('artifact-mismatch', `${d.at}#/artifact/sha256`);
  return path;
}

const joined = (...parts) => parts.join('/').replace(/\/+/g, '/').replace(/^\/|\/$/g, '');

async function fromH5md(path, dataset) {
  if (!joined(dataset ?? '').startsWith('particles/')) throw new Error('no particle group');
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

// The output of a body for one latent vector; kept, since a body is a function.
export async function runBody(d, components, allowed) {
  const { operator } = d.doc;
  const inline = operator.venue === 'inline';
  const where = inline ? operator.uri : d.at;
  // The hash of an inline body is checked when the deposition is opened.
  const bytes = inline ? (await d.deposition.store.array(`${operator.uri}/body`)).data : new Uint8Array(readFileSync(pinned(d)));
  if (await isPickle(bytes)) throw refuse('pickle-refused', where);
  const named = registry.get(operator.id)?.signature.body.media_types;
  if (inline && named && !named.includes(d.deposition.store.nodes.get(operator.uri).payload.media_type)) throw refuse('artifact-mismatch', `${operator.uri}#/media_type`);
  if (!allowed) throw refuse('code-not-allowed', where);
  if (operator.id !== 'neural_decoder/onnx_v1') throw new Unsupported('external', operator.id);
  const ort = await import('onnxruntime-web');
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  let output;
  try {
    d.session ??= await ort.InferenceSession.create(bytes, { executionProviders: ['wasm'] });
    const [input] = d.session.inputMetadata;
    const array = input.type === 'float32' ? Float32Array : Float64Array;
    const given = { [input.name]: new ort.Tensor(input.type, array.from(components), [1, components.length]) };
    output = (await d.session.run(given))[d.session.outputNames[0]];
  } catch (e) {
    throw refuse('artifact-mismatch', where, e.message);
  }
  const y = Float64Array.from(output.data);
  if (y.length !== 3 * d.rows.length) throw evaluate('output-shape', d.at);
  if (!y.every(Number.isFinite)) throw evaluate('non-finite-output', d.at);
  d.outputs ??= new Map();
  d.outputs.set(components.join(), y);
}

export function isPickle(bytes) {
  if (bytes[0] === 0x80 && bytes[1] >= 2 && bytes[1] <= 5) return true;
  if (!(bytes[0] === 0x50 && bytes[1] === 0x4b)) return false;
  return new Promise((done) => {
    yauzl.fromBuffer(Buffer.from(bytes), { lazyEntries: false }, (error, zip) => {
      if (error) {
        done(false);
        return;
      }
      const names = [];
      zip.on('entry', (e) => names.push(e.fileName));
      zip.on('error', () => done(false));
      zip.on('end', () => done(names.some((n) => n.endsWith('data.pkl')) && !names.some((n) => /(^|\/)code\//.test(n))));
    });
  });
}
