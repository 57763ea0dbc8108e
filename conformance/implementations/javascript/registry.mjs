// Chapter 9.5: entries of the registry and their content hashes.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import canonicalize from 'canonicalize';
import { sha256 } from './digest.mjs';

export const SCHEMAS = fileURLToPath(new URL('../../../schemas/polystate_schemas/', import.meta.url));
const KEYS = ['id', 'algebra', 'signature', 'formula', 'defaults'];

export function contentHash(entry) {
  const content = Object.fromEntries(KEYS.map((key) => [key, entry[key]]));
  return `sha256:${sha256(Buffer.from(canonicalize(content), 'utf8'))}`;
}

export const registry = new Map();
for (const folder of readdirSync(`${SCHEMAS}registry`, { withFileTypes: true })) {
  if (!folder.isDirectory()) continue;
  for (const file of readdirSync(`${SCHEMAS}registry/${folder.name}`)) {
    if (!file.endsWith('.yaml') || file.endsWith('.vectors.yaml')) continue;
    const entry = parse(readFileSync(`${SCHEMAS}registry/${folder.name}/${file}`, 'utf8'), { version: '1.2', schema: 'core' });
    registry.set(entry.id, { ...entry, hash: contentHash(entry) });
  }
}

const TYPES = {
  number: (value) => typeof value === 'number', integer: Number.isInteger, text: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean', list: Array.isArray,
  object: (value) => value !== null && typeof value === 'object' && !Array.isArray(value),
};

// Whether a value is of the type that a signature gives a parameter (OPR-4).
export const isOfType = (value, type) => TYPES[type](value);
