// Opening a deposition: everything is read and judged before any question is answered (ADA-4).
import { isPickle } from './artifact.mjs';
import { checkDerived, checkDerivedCycles, checkStale, complete } from './derivation.mjs';
import { Descriptor } from './descriptor.mjs';
import { sha256 } from './digest.mjs';
import { container, operator as operatorError, schema as schemaError, semantic } from './errors.mjs';
import { readAxes, readGroupings, readHierarchy } from './ground.mjs';
import { loadPayload } from './payload.mjs';
import { contentHash, registry } from './registry.mjs';
import { checkOperatorReference, checkUri, familyOf, presentKeys } from './reference.mjs';
import { checkPayload, unknownKeys } from './schema.mjs';
import { ScopeDag } from './scope-dag.mjs';
import { openStore } from './store.mjs';
import { checkDiscreteDag, checkTogether, checkUseOfConditions } from './together.mjs';

const ID = /^[a-z0-9][a-z0-9_.-]{0,63}$/;
const LAYERS = new Set(['hierarchy', 'reference', 'groupings', 'axes', 'descriptors', 'operators', 'landmarks', 'provenance', 'annotations']);
const ALGEBRAS = new Set(['independent', 'nested_under', 'additive_covariance', 'additive_displacement']);

export class Deposition {
  static async open(path, { strict = false, regenerate = false } = {}) {
    const d = new Deposition();
    d.path = path;
    d.store = await openStore(path);
    d.warnings = [];
    d.checkVersion();
    d.checkLayers();
    d.checkDocuments();
    await readHierarchy(d);
    await readGroupings(d);
    await readAxes(d);
    await d.readLandmarks();
    await d.readDescriptors();
    checkDerivedCycles(d);
    for (const x of d.descriptors.values()) complete(d, x);
    for (const x of d.descriptors.values()) checkUseOfConditions(x);
    d.dag = new ScopeDag(d.descriptors);
    d.dag.checkOverlaps();
    for (const x of d.descriptors.values()) checkDiscreteDag(x);
    checkTogether(d);
    await d.readOperators();
    await checkStale(d, strict);
    if (regenerate) checkDerived(d);
    return d;
  }

  checkVersion() {
    const version = this.store.payload.format_version;
    if (typeof version !== 'string' || version.split('.')[0] !== '0') throw container('unsupported-version', '#/format_version');
  }

  checkLayers() {
    const { store } = this;
    for (const name of new Set([...store.children(''), ...store.files.folders])) {
      if (!LAYERS.has(name) && !name.startsWith('.')) throw schemaError('unknown-layer', name);
    }
    for (const path of ['hierarchy', 'hierarchy/atoms', 'hierarchy/residues', 'hierarchy/chains', 'hierarchy/entities', 'reference']) {
      if (!store.group(path)) throw schemaError('missing-layer', path);
    }
    const ids = (path) => {
      for (const name of this.groups(path)) if (!ID.test(name)) throw schemaError('schema-violation', `${path}/${name}`);
    };
    ['axes', 'descriptors', 'operators', 'provenance', 'annotations', 'groupings', 'landmarks', 'hierarchy/assemblies'].forEach(ids);
    for (const name of store.children('groupings')) {
      for (const version of this.groups(`groupings/${name}`)) {
        if (!/^v[1-9][0-9]*$/.test(version)) throw schemaError('schema-violation', `groupings/${name}/${version}`);
      }
    }
  }

  *documents() {
    const { store } = this;
    yield ['deposition', ''];
    yield ['hierarchy', 'hierarchy'];
    for (const name of ['atoms', 'residues', 'chains', 'entities']) yield [name, `hierarchy/${name}`];
    for (const name of ['bonds', 'ncs']) if (store.group(`hierarchy/${name}`)) yield [name, `hierarchy/${name}`];
    for (const name of store.children('hierarchy/assemblies')) yield ['assembly', `hierarchy/assemblies/${name}`];
    yield ['reference', 'reference'];
    for (const ns of store.children('groupings')) {
      for (const v of store.children(`groupings/${ns}`)) yield ['grouping', `groupings/${ns}/${v}`];
    }
    const folders = { axes: 'axis', descriptors: 'descriptor', operators: 'operator_body', landmarks: 'landmarks', provenance: 'provenance', annotations: 'annotation' };
    for (const [folder, kind] of Object.entries(folders)) {
      for (const name of store.children(folder)) yield [kind, `${folder}/${name}`];
    }
  }

  checkDocuments() {
    for (const [kind, path] of this.documents()) {
      const node = this.store.nodes.get(path);
      if (node && node.kind !== 'group') continue; // an array where a group is due: not defined there
      const payload = kind === 'descriptor' ? presentKeys(node?.payload ?? {}) : node?.payload ?? {};
      if (kind === 'descriptor' && payload.algebra !== undefined && !ALGEBRAS.has(payload.algebra)) {
        throw schemaError('unknown-algebra', `${path}#/algebra`);
      }
      checkPayload(kind, payload, path);
      this.warnings.push(...unknownKeys(kind, payload, path));
    }
  }

  groups(folder) {
    return this.store.children(folder).filter((name) => this.store.nodes.get(`${folder}/${name}`)?.kind !== 'array');
  }

  async readDescriptors() {
    this.descriptors = new Map();
    for (const id of this.groups('descriptors')) {
      const d = new Descriptor(this, id);
      d.checkDocument();
      await d.read();
      this.descriptors.set(id, d);
    }
  }

  async readOperators() {
    const bodies = new Set();
    for (const id of this.groups('operators')) {
      const at = `operators/${id}`;
      const { arrays } = await loadPayload(this.store, at, 'operator_body');
      const bytes = arrays.body.data;
      if (await isPickle(bytes)) throw operatorError('pickle-refused', `${at}/body`);
      if (sha256(bytes) !== this.store.group(at).payload.sha256) throw operatorError('hash-mismatch', `${at}/body`);
      this.checkEntry(at, this.store.group(at).payload);
      bodies.add(at);
    }
    for (const d of this.descriptors.values()) {
      const { operator: op } = d.doc;
      if (op?.venue === 'inline' && !bodies.has(op.uri)) throw operatorError('missing-artifact', `${d.at}#/operator/uri`);
      const entry = op?.venue === 'inline' ? this.store.group(op.uri).payload.entry : undefined;
      if (entry && contentHash(entry) !== op.hash) throw operatorError('hash-mismatch', `${d.at}#/operator/hash`); // OPR-35
      if (d.doc.artifact) checkUri(d.doc.artifact.uri, `${d.at}#/artifact/uri`);
      if (op?.venue === 'external') checkUri(op.uri, `${d.at}#/operator/uri`);
    }
  }

  // OPR-34, OPR-36: what stands beside a body.
  checkEntry(at, { entry, vectors = [] }) {
    if (!entry) {
      if (vectors.length) throw schemaError('schema-violation', `${at}#/vectors`);
      return;
    }
    const known = registry.get(entry.id);
    if (known && known.hash !== contentHash(entry)) throw operatorError('hash-mismatch', `${at}#/entry/id`);
    vectors.forEach((vector, k) => {
      for (const [role, key] of [['inputs', 'inputs'], ['parameters', 'parameters'], ['outputs', 'expected']]) {
        const rules = new Set(entry.signature[role].map(({ name }) => name));
        const extra = Object.keys(vector[key]).some((name) => !rules.has(name) && !rules.has(name.replace(/\d+$/, '<n>')));
        const usual = (role === 'parameters' && entry.defaults.parameters) || {};
        const lacks = entry.signature[role].some(({ name, optional }) => !optional && !(name in usual)
          && !(name in vector[key]) && !(name.replace('<n>', '0') in vector[key]));
        if (extra || lacks) throw schemaError('schema-violation', `${at}#/vectors/${k}`);
      }
    });
  }

  async readLandmarks() {
    this.landmarks = new Map();
    for (const name of this.groups('landmarks')) {
      const at = `landmarks/${name}`;
      const { payload } = this.store.group(at);
      const { arrays } = await loadPayload(this.store, at, 'landmarks');
      if (payload.labels.length !== arrays.point.shape[0]) throw semantic('wrong-shape', `${at}#/labels`);
      checkOperatorReference(payload.assignment, `${at}#/assignment`, this.warnings);
      if (familyOf(payload.assignment.id) !== 'assignment') throw semantic('unsupported-combination', `${at}#/assignment/id`);
      this.landmarks.set(name, { payload, arrays });
    }
  }
}
