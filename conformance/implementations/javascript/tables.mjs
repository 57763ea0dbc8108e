// Chapter 1.6: tables are Arrow IPC files, held as the bytes of a uint8 array.
import { tableFromIPC, DataType } from 'apache-arrow';
import { container } from './errors.mjs';

function typeName(type) {
  if (DataType.isInt(type)) return `${type.isSigned ? 'int' : 'uint'}${type.bitWidth}`;
  if (DataType.isFloat(type)) return { 1: 'float32', 2: 'float64' }[type.precision] ?? 'float16';
  if (DataType.isUtf8(type)) return 'text';
  return String(type);
}

const MAGIC = 'ARROW1';

export function readTable(bytes, path) {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (text.length < 12 || text.toString('latin1', 0, 6) !== MAGIC || text.toString('latin1', text.length - 6) !== MAGIC) {
    throw container('unreadable-table', path, 'not an Arrow IPC file');
  }
  try {
    const table = tableFromIPC(new Uint8Array(bytes));
    const columns = new Map();
    table.schema.fields.forEach((field, i) => {
      const vector = table.getChildAt(i);
      if (vector.nullCount > 0) throw new Error('a null value');
      const dtype = typeName(field.type);
      let data;
      if (dtype === 'text') data = Array.from({ length: table.numRows }, (_, r) => vector.get(r));
      else data = vector.toArray();
      if (data.length !== table.numRows || (dtype === 'text' && data.some((v) => typeof v !== 'string'))) throw new Error('columns differ in length');
      columns.set(field.name, { data, dtype });
    });
    return { rows: table.numRows, columns, bytes };
  } catch (e) {
    throw container('unreadable-table', path, e.message);
  }
}
