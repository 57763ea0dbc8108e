// The JSON Schemas of payloads and of requests.
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Ajv2020 from 'ajv/dist/2020.js';
import { schema as refuse, evaluate } from './errors.mjs';
import { SCHEMAS } from './registry.mjs';

const options = { allErrors: true, strict: false, validateFormats: false };
const json = (path) => JSON.parse(readFileSync(path, 'utf8'));

// The same schema with every object closed tells which keys are not defined.
function closed(node) {
  if (Array.isArray(node)) return node.map(closed);
  if (node === null || typeof node !== 'object') return node;
  const out = Object.fromEntries(Object.entries(node).map(([k, v]) => [k, closed(v)]));
  if (out.additionalProperties === true && out.properties) out.additionalProperties = false;
  return out;
}

const validators = new Map();
const closedValidators = new Map();
const ajv = new Ajv2020.default(options);
const ajvClosed = new Ajv2020.default(options);
for (const file of readdirSync(`${SCHEMAS}generated`)) {
  const kind = file.match(/^(.*)\.schema\.json$/)?.[1];
  if (!kind) continue;
  const document = json(`${SCHEMAS}generated/${file}`);
  validators.set(kind, ajv.compile(document));
  closedValidators.set(kind, ajvClosed.compile(closed(document)));
}
export const payloads = json(`${SCHEMAS}generated/payload.json`);

const place = (error) => {
  const key = error.params?.missingProperty;
  return error.instancePath + (key ? `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}` : '');
};

export function checkPayload(kind, payload, path) {
  const validate = validators.get(kind);
  if (validate(payload)) return;
  const errors = validate.errors.filter((e) => e.keyword !== 'if');
  const shown = errors.sort((a, b) => place(a).length - place(b).length).find((e) => place(e)) ?? errors[0];
  throw refuse('schema-violation', `${path}#${place(shown)}`, `${place(shown)} ${shown.message}`);
}

export function unknownKeys(kind, payload, path) {
  const validate = closedValidators.get(kind);
  if (validate(payload)) return [];
  const found = validate.errors.filter((e) => e.keyword === 'additionalProperties');
  return [...new Set(found.map((e) => `${path}#${e.instancePath}/${e.params.additionalProperty}`))]
    .map((where) => ({ stage: 'schema', code: 'unknown-key', where }));
}

const protocolFile = fileURLToPath(new URL('../../polystate_conformance/schemas/protocol.schema.json', import.meta.url));
const protocol = { ...json(protocolFile), $id: 'urn:polystate:protocol' };
const ajvProtocol = new Ajv2020.default(options);
ajvProtocol.addSchema(protocol);
const requests = new Map();
for (const key of Object.keys(protocol.$defs)) {
  if (key.startsWith('request_')) requests.set(key.slice(8), ajvProtocol.compile({ $ref: `urn:polystate:protocol#/$defs/${key}` }));
}

export function checkRequest(kind, request) {
  const validate = requests.get(kind);
  if (validate(request)) return;
  const errors = validate.errors.filter((e) => e.keyword !== 'if');
  const draw = errors.find((e) => e.instancePath === '/index');
  if (draw) throw evaluate('draw-range', 'index');
  const [error] = errors;
  const option = /\/dependentSchemas\/([^/]+)\//.exec(error.schemaPath)?.[1];
  const key = option ?? error.instancePath.split('/')[1] ?? error.params?.additionalProperty ?? error.params?.missingProperty ?? '';
  throw evaluate('bad-request', key, error.message);
}
