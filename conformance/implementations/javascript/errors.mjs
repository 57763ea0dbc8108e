// A refusal has a stage, a code and a place (chapter 17).
export class Refusal extends Error {
  constructor(stage, code, where, message) {
    super(message ?? `${stage}: ${code} at ${where}`);
    Object.assign(this, { stage, code, where });
  }
  get finding() {
    return { stage: this.stage, code: this.code, where: this.where };
  }
}
export const container = (code, where, m) => new Refusal('container', code, where, m);
export const schema = (code, where, m) => new Refusal('schema', code, where, m);
export const semantic = (code, where, m) => new Refusal('semantic', code, where, m);
export const operator = (code, where, m) => new Refusal('operator', code, where, m);
export const evaluate = (code, where, m) => new Refusal('evaluate', code, where, m);

// The request is legal, but needs something that this implementation does not have.
export class Unsupported extends Error {
  constructor(profile, what) {
    super(`unsupported: ${what}`);
    Object.assign(this, { profile, what });
  }
}

const encoder = new TextEncoder();
export function compareBytes(a, b) {
  return Buffer.compare(encoder.encode(a), encoder.encode(b));
}
