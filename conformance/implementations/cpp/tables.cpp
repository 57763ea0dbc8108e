// Tables (1.6). The only source that includes Arrow, whose headers may need a newer C++ than the rest.
#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>

#include "polystate.h"

namespace polystate {

template <class T> static T get(arrow::Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.status().ToString());
  return std::move(result).ValueUnsafe();
}

// The Zarr name of a number type; empty for types that no sentence gives to a column.
static std::string zarrName(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::FLOAT: return "float32";
    case arrow::Type::DOUBLE: return "float64";
    case arrow::Type::INT8: case arrow::Type::INT16: case arrow::Type::INT32: case arrow::Type::INT64:
    case arrow::Type::UINT8: case arrow::Type::UINT16: case arrow::Type::UINT32: case arrow::Type::UINT64:
      return type.ToString();
    default: return "";
  }
}

Table readTable(const std::string& path, const Bytes& bytes) {
  Table out{path, {}};
  try {
    arrow::io::BufferReader input(std::make_shared<arrow::Buffer>(bytes.data(), bytes.size()));
    auto reader = get(arrow::ipc::RecordBatchFileReader::Open(&input));
    for (const auto& field : reader->schema()->fields()) {
      bool control = false;
      for (char c : field->name()) control |= static_cast<unsigned char>(c) < 0x20;
      if (control || out.columns.count(field->name())) throw std::runtime_error("name of a column");  // STO-51
      Column& column = out.columns[field->name()];
      column.isText = field->type()->id() == arrow::Type::STRING;
      column.numbers.dtype = zarrName(*field->type());
      column.numbers.shape = {0};
    }
    for (int b = 0; b < reader->num_record_batches(); b++) {  // STO-36: in file order
      auto batch = get(reader->ReadRecordBatch(b));
      if (!batch->ValidateFull().ok()) throw std::runtime_error("damaged batch");
      for (int c = 0; c < batch->num_columns(); c++) {
        const arrow::Array& values = *batch->column(c);
        if (values.null_count()) throw std::runtime_error("null");  // STO-35
        Column& column = out.columns[batch->column_name(c)];
        if (column.isText) {
          for (int64_t i = 0; i < values.length(); i++)
            column.text.push_back(static_cast<const arrow::StringArray&>(values).GetString(i));
        } else if (!column.numbers.dtype.empty() && values.length()) {
          size_t item = arrow::bit_width(values.type_id()) / 8;
          const uint8_t* first = values.data()->buffers[1]->data() + values.offset() * item;
          column.numbers.bytes.insert(column.numbers.bytes.end(), first, first + values.length() * item);
          column.numbers.shape[0] += values.length();
        }
      }
    }
  } catch (const std::exception&) {
    throw Refusal{"container", "unreadable-table", path};  // STO-33
  }
  return out;
}

const Column& Table::column(const std::string& name) const {
  auto it = columns.find(name);
  if (it == columns.end()) throw Refusal{"semantic", "missing-array", path + "/" + name};  // STO-15
  return it->second;
}

const std::vector<std::string>& Table::text(const std::string& name) const {
  const Column& c = column(name);
  if (!c.isText) throw Refusal{"semantic", "wrong-dtype", path + "/" + name};  // STO-37
  return c.text;
}

Table Store::table(const std::string& path) const {
  if (!isTable(path)) throw Refusal{"semantic", "missing-array", path};  // STO-38
  Array stored = array(path);
  if (stored.dtype != "uint8" || stored.shape.size() != 1) throw Refusal{"container", "unreadable-table", path};
  return readTable(path, stored.bytes);
}

}  // namespace polystate
