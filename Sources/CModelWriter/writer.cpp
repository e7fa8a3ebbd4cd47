// The writer: collects offsets of what is already in the FlatBuffer and ties them together at the end.
#include "CModelWriter.h"

#include <vector>

#include "schema_reflection.h"

using namespace hypr::format;
using flatbuffers::Offset;
using flatbuffers::TypeTable;

namespace {

/// A constant or a parameter of the open neuron model.
struct NeuronField {
  bool is_set = false;
  float constant = 0;
  writer_tensor tensor = 0;
};

/// What a file may grow to, with room for tables and strings under the 2 GiB of FlatBuffers.
const size_t largest_file = size_t(FLATBUFFERS_MAX_BUFFER_SIZE) - (size_t(1) << 20);

}  // namespace

struct writer {
  flatbuffers::FlatBufferBuilder builder;
  bool is_finished = false;

  uint32_t format_version = 1;
  float time_step = 0;
  Offset<flatbuffers::String> name;

  bool has_input = false;
  uint32_t input_size = 0;
  Offset<flatbuffers::Vector<float>> scale, offset;
  std::vector<Offset<flatbuffers::String>> channel_names;
  Offset<LevelCrossing> level_crossing;

  uint8_t neuron = 0;
  const TypeTable *neuron_type = nullptr;
  std::vector<NeuronField> neuron_fields;

  std::vector<Offset<Layer>> layers;
  Offset<Readout> readout;
  std::vector<Offset<flatbuffers::String>> class_labels;
  std::vector<Offset<OptionSetting>> options;
  std::vector<Offset<Metadata>> metadata;

  /// The elements of a tensor, aligned for readers that map the file.
  Offset<flatbuffers::Vector<uint8_t>> data_of(const float *values, size_t count) {
    const auto size = count * sizeof(float);
    builder.ForceVectorAlignment(size, 1, 64);
    return builder.CreateVector(reinterpret_cast<const uint8_t *>(values), size);
  }

  /// The open neuron model's field with this name, null if there is none of this kind or if it is set.
  NeuronField *unset_field(const char *field_name, bool (*is_kind)(const TypeTable *, int)) {
    if (!neuron_type) return nullptr;
    const int index = reflection::field_index(neuron_type, field_name);
    if (index < 0 || !is_kind(neuron_type, index)) return nullptr;
    NeuronField &field = neuron_fields[static_cast<size_t>(index)];
    return field.is_set ? nullptr : &field;
  }

  /// Writes the open neuron model, field by field in the schema's order, and closes it.
  Offset<void> finish_neuron() {
    const auto start = builder.StartTable();
    for (size_t i = 0; i < neuron_fields.size(); ++i) {
      const NeuronField &field = neuron_fields[i];
      if (!field.is_set) continue;
      const auto place = reflection::field_offset(static_cast<int>(i));
      if (field.tensor) {
        builder.AddOffset(place, Offset<Tensor>(field.tensor));
      } else {
        builder.AddElement<float>(place, field.constant);
      }
    }
    neuron_type = nullptr;
    return Offset<void>(builder.EndTable(start));
  }

  /// The vector of the offsets, none if there are none.
  template <typename T>
  Offset<flatbuffers::Vector<Offset<T>>> vector_of(const std::vector<Offset<T>> &elements) {
    return elements.empty() ? Offset<flatbuffers::Vector<Offset<T>>>() : builder.CreateVector(elements);
  }
};

extern "C" {

writer *writer_create(void) { return new writer; }

void writer_free(writer *writer) { delete writer; }

void writer_set_format_version(writer *writer, uint32_t version) { writer->format_version = version; }

void writer_set_name(writer *writer, const char *name) { writer->name = writer->builder.CreateString(name); }

void writer_set_time_step(writer *writer, float seconds) { writer->time_step = seconds; }

writer_tensor writer_add_tensor(writer *writer, const float *values, size_t count, const uint32_t *shape, size_t rank,
                                bool trainable) {
  auto &builder = writer->builder;
  if (rank > 8 || (rank && !shape) || (count && !values) || builder.GetSize() >= largest_file) return 0;
  const size_t largest_count = (largest_file - builder.GetSize()) / sizeof(float);
  size_t product = 1;  // Bounded by largest_count: no overflow.
  for (size_t i = 0; i < rank; ++i) {
    if (shape[i] != 0 && product > largest_count / shape[i]) return 0;
    product *= shape[i];
  }
  if (product != count || product > largest_count) return 0;

  const auto data = writer->data_of(values, count);
  const auto dimensions = builder.CreateVector(shape, rank);
  return CreateTensor(builder, ElementType::Float32, dimensions, data, 0, trainable).o;
}

writer_tensor writer_add_sparse_tensor(writer *writer, const float *values, size_t count, const uint32_t *shape, size_t rank,
                                       bool trainable, const uint32_t *row_offsets, size_t row_offset_count,
                                       const uint32_t *column_indices, size_t column_index_count) {
  auto &builder = writer->builder;
  if (rank > 8 || (rank && !shape) || (count && !values) || (row_offset_count && !row_offsets) ||
      (column_index_count && !column_indices) || builder.GetSize() >= largest_file) {
    return 0;
  }
  const size_t largest_count = (largest_file - builder.GetSize()) / sizeof(float);
  if (count > largest_count || row_offset_count > largest_count - count ||
      column_index_count > largest_count - count - row_offset_count) {
    return 0;
  }
  const auto data = writer->data_of(values, count);
  const auto dimensions = builder.CreateVector(shape, rank);
  const auto offsets = builder.CreateVector(row_offsets, row_offset_count);
  const auto columns = builder.CreateVector(column_indices, column_index_count);
  return CreateTensor(builder, ElementType::Float32, dimensions, data, 0, trainable, Layout::SparseRows, offsets, columns).o;
}

void writer_set_input(writer *writer, uint32_t size, const float *scale, const float *offset) {
  writer->has_input = true;
  writer->input_size = size;
  if (scale) writer->scale = writer->builder.CreateVector(scale, size);
  if (offset) writer->offset = writer->builder.CreateVector(offset, size);
}

void writer_add_channel_name(writer *writer, const char *name) {
  writer->channel_names.push_back(writer->builder.CreateString(name));
}

void writer_set_level_crossing(writer *writer, const float *thresholds, size_t count, uint8_t output) {
  const auto values = writer->builder.CreateVector(thresholds, count);
  writer->level_crossing = CreateLevelCrossing(writer->builder, values, static_cast<LevelCrossingOutput>(output));
}

bool writer_begin_neuron(writer *writer, const char *neuron_name) {
  const uint8_t neuron = reflection::member_named(NeuronModelTypeTable(), neuron_name);
  const auto type = reflection::member_type(NeuronModelTypeTable(), neuron);
  if (!type) return false;
  writer->neuron = neuron;
  writer->neuron_type = type;
  writer->neuron_fields.assign(type->num_elems, NeuronField());
  return true;
}

bool writer_neuron_constant(writer *writer, const char *field_name, float value) {
  const auto field = writer->unset_field(field_name, reflection::is_float);
  if (!field) return false;
  field->is_set = true;
  field->constant = value;
  return true;
}

bool writer_neuron_parameter(writer *writer, const char *field_name, writer_tensor tensor) {
  const auto field = tensor ? writer->unset_field(field_name, reflection::is_tensor) : nullptr;
  if (!field) return false;
  field->is_set = true;
  field->tensor = tensor;
  return true;
}

bool writer_add_layer(writer *writer, const writer_layer *layer) {
  if (!layer->input_weight || !writer->neuron_type) return false;
  auto &builder = writer->builder;
  const auto name = layer->name ? builder.CreateString(layer->name) : Offset<flatbuffers::String>();
  const auto neuron = writer->finish_neuron();
  Offset<Surrogate> surrogate;
  if (layer->has_surrogate) {
    SurrogateBuilder table(builder);
    if (layer->has_surrogate_slope) table.add_slope(layer->surrogate_slope);
    if (layer->has_surrogate_scale) table.add_scale(layer->surrogate_scale);
    table.add_kind(static_cast<SurrogateKind>(layer->surrogate_kind));
    surrogate = table.Finish();
  }
  writer->layers.push_back(CreateLayer(builder, name, static_cast<NeuronModel>(writer->neuron), neuron, surrogate,
                                       static_cast<ResetKind>(layer->reset), Offset<Tensor>(layer->input_weight),
                                       Offset<Tensor>(layer->recurrent_weight), Offset<Tensor>(layer->bias)));
  return true;
}

bool writer_set_readout(writer *writer, uint8_t kind, writer_tensor weight, writer_tensor bias, writer_tensor tau) {
  if (!weight) return false;
  writer->readout = CreateReadout(writer->builder, static_cast<ReadoutKind>(kind), Offset<Tensor>(weight),
                                  Offset<Tensor>(bias), Offset<Tensor>(tau));
  return true;
}

void writer_add_class_label(writer *writer, const char *label) {
  writer->class_labels.push_back(writer->builder.CreateString(label));
}

void writer_add_option(writer *writer, const char *name, double value) {
  const auto text = writer->builder.CreateString(name);
  writer->options.push_back(CreateOptionSetting(writer->builder, text, value));
}

void writer_add_metadata(writer *writer, const char *key, const char *value) {
  const auto key_text = writer->builder.CreateString(key);
  const auto value_text = writer->builder.CreateString(value);
  writer->metadata.push_back(CreateMetadata(writer->builder, key_text, value_text));
}

const uint8_t *writer_finish(writer *writer, size_t *size) {
  *size = 0;
  auto &builder = writer->builder;
  if (writer->is_finished || builder.GetSize() >= largest_file) return nullptr;
  writer->is_finished = true;

  Offset<Input> input;
  if (writer->has_input) {
    const auto names = writer->vector_of(writer->channel_names);
    const auto encoding = writer->level_crossing.IsNull() ? SpikeEncoding::NONE : SpikeEncoding::LevelCrossing;
    input = CreateInput(builder, writer->input_size, names, writer->scale, writer->offset, encoding,
                        writer->level_crossing.Union());
  }
  const auto layers = writer->vector_of(writer->layers);
  const auto labels = writer->vector_of(writer->class_labels);
  const auto options = writer->vector_of(writer->options);
  const auto metadata = writer->vector_of(writer->metadata);
  FinishModelBuffer(builder, CreateModel(builder, writer->format_version, writer->name, writer->time_step, input, layers,
                                         writer->readout, labels, options, metadata));
  *size = builder.GetSize();
  return builder.GetBufferPointer();
}

}  // extern "C"
