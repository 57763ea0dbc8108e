export function decodeMmtf() { throw new Error('not yet'); }
