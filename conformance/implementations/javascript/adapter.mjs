// The adapter protocol of chapter 19.2: one JSON object a line in, one out.
import { createInterface } from 'node:readline';
import { readFileSync, statSync } from 'node:fs';
import { Deposition } from './deposition.mjs';
import { Needed } from './artifact.mjs';
import { digest, digestFull } from './digest.mjs';
import { convert } from './convert.mjs';
import { answerDescribe, writeStore } from './describe.mjs';
import { answerDraw, answerEvaluate } from './evaluation.mjs';
import { answerOperator, OPERATORS } from './operators.mjs';
import { decodeMmtf } from './mmtf.mjs';
import { Refusal, Unsupported, evaluate as refuse } from './errors.mjs';
import { writeNpy } from './npy.mjs';
import { registry } from './registry.mjs';
import { checkRequest } from './schema.mjs';

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url)));
const PROFILES = ['read', 'validate', 'discrete', 'gaussian', 'displacement', 'axes', 'sampling-exact', 'sampling-statistical',
  'external', 'decoder', 'registry', 'mmtf'];
const IN_DEPOSITIONS = ['basis/nm_v1', 'basis/pca_v1', 'rigid_body/quat_v1', 'neural_decoder/mlp_v1', 'parametric_gaussian/iadp_v1',
  'parametric_gaussian/aadp_v1', 'parametric_gaussian/tls_v1', 'parametric_gaussian/nm_covariance_v1', 'identity/noop_v1', 'neural_decoder/onnx_v1',
  'lookup_table/nearest_v1', 'basis/gaussian_mixture_v1'];

const hello = () => ({
  protocol: 1,
  name: 'polystate-javascript',
  version,
  language: 'JavaScript',
  profiles: PROFILES,
  operators: Object.fromEntries([...new Set([...IN_DEPOSITIONS, ...OPERATORS])].map((id) => [id, registry.get(id).hash])),
  devices: ['cpu'],
  rng: 'philox4x32-10',
});

// What an evaluation needs from outside is loaded when it is first asked for.
async function whileNeeded(ask) {
  for (;;) {
    try {
      return ask();
    } catch (e) {
      if (!(e instanceof Needed)) throw e;
      await e.load();
    }
  }
}

async function answer({ kind, profile, deposition: path, request, seed, out_dir: dir }) {
  if (!PROFILES.includes(profile)) throw new Unsupported(profile, 'the profile');
  let files = 0;
  const hand = (out) => Object.fromEntries(Object.entries(out).map(([key, value]) => [
    key, ArrayBuffer.isView(value?.data) ? writeNpy(dir, `${files++}.npy`, value) : value,
  ]));
  if (kind === 'decode') return hand(decodeMmtf(readFileSync(path), request.outputs));
  checkRequest(kind, request);
  if (kind === 'operator') return hand(answerOperator(request));
  const deposition = await Deposition.open(path, request);
  switch (kind) {
    case 'validate': {
      const all = { valid: true, errors: [], warnings: deposition.warnings };
      if (request.outputs.includes('digest')) all.digest = await digest(deposition.store);
      if (request.outputs.includes('digest_full')) all.digest_full = await digestFull(deposition.store);
      return Object.fromEntries(request.outputs.map((name) => [name, all[name]]));
    }
    case 'describe': {
      const { out, arrays } = await answerDescribe(deposition, request);
      return { ...out, ...hand(arrays) };
    }
    case 'evaluate':
      return hand(await whileNeeded(() => answerEvaluate(deposition, request)));
    case 'draw':
      return hand(await whileNeeded(() => answerDraw(deposition, request, seed)));
    case 'round_trip':
      if (request.mode) convert(deposition, request.mode);
      return { store: { file: await writeStore(deposition.store, dir, request.container ?? (statSync(path).isDirectory() ? 'directory' : 'zip')) } };
    default:
      throw refuse('bad-request', 'kind');
  }
}

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  if (!line.trim()) continue;
  const message = JSON.parse(line);
  if (message.cmd === 'stop') break;
  if (message.cmd === 'hello') {
    say(hello());
    continue;
  }
  const { seq } = message;
  try {
    say({ seq, ok: await answer(message) });
  } catch (e) {
    if (e instanceof Refusal) say({ seq, rejected: e.finding });
    else if (e instanceof Unsupported) say({ seq, unsupported: { profile: e.profile, what: e.what } });
    else say({ seq, error: { message: String(e.stack ?? e) } });
  }
}
process.exit(0);
