// What a document names outside of itself: operators of the registry (9.1) and files (9.6).
import { operator as operatorError, schema as schemaError, semantic } from './errors.mjs';
import { isOfType, registry } from './registry.mjs';

export function checkUri(uri, where) {
  let path;
  try {
    path = decodeURIComponent(uri.replace(/^file:/i, ''));
  } catch {
    throw operatorError('uri-not-allowed', where);
  }
  if (/[?#]/.test(uri) || /[\u0000-\u001f\u007f]/.test(path)) throw operatorError('uri-not-allowed', where);
  if (!/^file:/i.test(uri) || /^(\/|$)|\\/.test(path) || path.split('/').includes('..')) throw operatorError('uri-not-allowed', where);
}

// The entry of an operator; undefined for one that the registry does not have, which is noted among the warnings.
export function checkOperatorReference(op, where, warnings) {
  const entry = registry.get(op.id);
  if (!entry) { // OPR-29, OPR-30
    warnings.push({ stage: 'operator', code: 'unknown-operator', where: `${where}/id` });
    return undefined;
  }
  if (op.hash !== entry.hash) throw operatorError('hash-mismatch', `${where}/hash`);
  if ((op.venue === 'registry') === Boolean(entry.signature.body)) throw semantic('unsupported-combination', `${where}/venue`);
  const rules = new Map(entry.signature.parameters.filter((p) => !p.taken_from).map((p) => [p.name, p]));
  for (const [name, value] of Object.entries(op.parameters ?? {})) {
    const rule = rules.get(name);
    if (!rule || !isOfType(value, rule.type) || (rule.allowed && !rule.allowed.includes(value))) {
      throw schemaError('schema-violation', `${where}/parameters/${name}`);
    }
  }
  return entry;
}

export const isKnownFamily = (family) => [...registry.keys()].some((id) => familyOf(id) === family);
export const familyOf = (id) => id?.split('/')[0];

// [DSC-3] a key of the document that is null is absent; within its objects null is a value
export const presentKeys = (document) => Object.fromEntries(Object.entries(document).filter(([, v]) => v !== null));
