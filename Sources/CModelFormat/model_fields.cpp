// Reading fields by their schema names.
#include "model_fields.h"

static_assert(FLATBUFFERS_LITTLEENDIAN, "tensor data is handed out in place: the machine must be little-endian");

namespace hypr {
namespace format {

/// Describes a tensor table.
static void describe(const Tensor *tensor, format_tensor *out) {
  out->data = values_of(tensor->data());
  out->byte_count = count_of(tensor->data());
  out->element_type = static_cast<format_element_type>(tensor->element_type());
  out->layout = static_cast<format_layout>(tensor->layout());
  const auto shape = tensor->shape();
  out->rank = count_of(shape);
  for (uint32_t i = 0; i < 4 && i < out->rank; ++i) out->shape[i] = shape->Get(i);
  out->trainable = tensor->trainable();
  out->scales = values_of(tensor->scales());
  out->scale_count = count_of(tensor->scales());
  out->row_offsets = values_of(tensor->row_offsets());
  out->row_offset_count = count_of(tensor->row_offsets());
  out->column_indices = values_of(tensor->column_indices());
  out->column_index_count = count_of(tensor->column_indices());
}

bool read_tensor(TypedTable from, const char *field_name, format_tensor *out) {
  *out = format_tensor{};
  if (!from.table) return false;
  const int index = reflection::field_index(from.type, field_name);
  if (index < 0 || !reflection::is_tensor(from.type, index)) return false;
  const auto tensor = from.table->GetPointer<const Tensor *>(reflection::field_offset(index));
  if (!tensor) return false;
  describe(tensor, out);
  return true;
}

bool read_scalar(TypedTable from, const char *field_name, float *out) {
  *out = 0;
  if (!from.table) return false;
  const int index = reflection::field_index(from.type, field_name);
  if (index < 0) return false;
  const auto address = from.table->GetAddressOf(reflection::field_offset(index));
  if (!address) return false;
  if (reflection::is_float(from.type, index)) {
    *out = flatbuffers::ReadScalar<float>(address);
    return true;
  }
  if (reflection::is_byte(from.type, index)) {
    *out = flatbuffers::ReadScalar<uint8_t>(address);
    return true;
  }
  return false;
}

}  // namespace format
}  // namespace hypr
