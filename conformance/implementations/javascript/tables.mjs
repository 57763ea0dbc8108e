// Chapter 1.6: tables are Arrow IPC files, held as the bytes of a uint8 array.
import { tableFromIPC, DataType, MessageReader } from 'apache-arrow';
import { container } from './errors.mjs';

function typeName(type) {
  if (DataType.isInt(type)) return `${type.isSigned ? 'int' : 'uint'}${type.bitWidth}`;
  if (DataType.isFloat(type)) return { 1: 'float32', 2: 'float64' }[type.precision] ?? 'float16';
  if (DataType.isUtf8(type)) return 'text';
  return String(type);
}

const MAGIC = 'ARROW1';
const NUMBERS = /^(u?int(8|16|32|64)|float(32|64))$/;
export const isKnown = (dtype) => dtype === 'text' || NUMBERS.test(dtype);

// Arrow's own reader believes offsets, and takes bytes that are no UTF-8 for something.
function texts(vector) {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const out = [];
  for (const { length, valueOffsets: offsets, values } of vector.data) {
    for (let i = 0; i < length; i++) {
      if (!(offsets[i] >= 0 && offsets[i] <= offsets[i + 1] && offsets[i + 1] <= values.length)) throw new Error('offsets outside the data');
      out.push(decoder.decode(values.subarray(offsets[i], offsets[i + 1])));
    }
  }
  return out;
}

// STO-62: Arrow's own reader makes all columns of a batch as long as the batch.
function checkLengths(bytes, fields) {
  const reader = new MessageReader(bytes.subarray(8)); // after ARROW1
  for (let next = reader.next(); !next.done; next = reader.next()) {
    const message = next.value, { length, nodes } = message.header();
    reader.readMessageBody(message.bodyLength);
    if (!message.isRecordBatch()) continue;
    let at = 0;
    const skip = ({ type }) => { at += 1; (type.children ?? []).forEach(skip); };
    for (const field of fields) {
      if (Number(nodes[at].length) !== Number(length)) throw new Error('columns differ in length');
      skip(field);
    }
  }
}

export function readTable({ data: bytes, dtype, shape }, path) {
  if (dtype !== 'uint8' || shape.length !== 1) throw container('unreadable-table', path, 'no bytes of one dimension'); // STO-33
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (text.length < 12 || text.toString('latin1', 0, 6) !== MAGIC || text.toString('latin1', text.length - 6) !== MAGIC) {
    throw container('unreadable-table', path, 'not an Arrow IPC file');
  }
  try {
    const table = tableFromIPC(new Uint8Array(bytes));
    checkLengths(new Uint8Array(bytes), table.schema.fields);
    const columns = new Map();
    table.schema.fields.forEach((field, i) => {
      const vector = table.getChildAt(i);
      if (vector.nullCount > 0) throw new Error('a null value');
      const dtype = typeName(field.type);
      if (columns.has(field.name) || /[\x00-\x1f]/.test(field.name)) throw new Error('the name of a column'); // STO-51
      const data = dtype === 'text' ? texts(vector) : isKnown(dtype) ? vector.toArray() : { length: vector.length };
      columns.set(field.name, { data, dtype });
    });
    return { rows: table.numRows, columns, bytes };
  } catch (e) {
    throw container('unreadable-table', path, e.message);
  }
}
