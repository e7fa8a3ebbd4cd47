// The writer: collects offsets of what is already in the FlatBuffer and ties them together at the end. In the first pass every piece
// is only counted.
#include "CModelWriter.h"

#include <new>

#include "memory.h"
#include "schema_reflection.h"

using namespace hypr::format;
using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using flatbuffers::String;
using flatbuffers::TypeTable;

namespace {

/// The least alignment of a FlatBuffer, and that of tensor data.
const size_t buffer_alignment = 8, data_alignment = 64;

/// What begins a file, and what aligns its end.
const size_t frame_size = 256;

/// One block that was counted to be large enough: the builder asks for it once.
class BlockAllocator : public flatbuffers::Allocator {
 public:
  uint8_t *block = nullptr;

  uint8_t *allocate(size_t) override { return block; }
  void deallocate(uint8_t *, size_t) override {}
  static void operator delete(void *) {}
};

/// What a vector of strings or tables will refer to: counted in the first pass, kept in the second.
template <typename T>
struct Offsets {
  Offset<T> *elements = nullptr;
  size_t counted = 0, count = 0;

  void add(Offset<T> element) {
    if (!elements) {
      ++counted;
    } else if (count < counted) {
      elements[count++] = element;
    }
  }

  /// Takes its place from memory for offsets.
  void place(Offset<void> *&memory) {
    elements = reinterpret_cast<Offset<T> *>(memory);
    memory += counted;
  }
};

/// Bytes of a tensor's element; 0: the schema does not have such elements.
size_t element_size(format_element_type type) {
  switch (static_cast<ElementType>(type)) {
    case ElementType::Float32: return 4;
    case ElementType::Float16: return 2;
    case ElementType::Int8: return 1;
  }
  return 0;
}

/// A constant or a parameter of the open neuron model.
struct NeuronField {
  bool is_set = false;
  float constant = 0;
  writer_tensor tensor = 0;
};

/// Of any neuron model of the schema.
size_t most_neuron_fields() {
  size_t most = 0;
  const auto members = NeuronModelTypeTable();
  for (size_t i = 1; i < members->num_elems; ++i) {
    const auto type = reflection::referenced_type(members, i);
    if (type && type->num_elems > most) most = type->num_elems;
  }
  return most;
}

}  // namespace

struct writer {
  /// Bytes that the pieces take at most, what aligns them and what the builder notes of them counted in.
  size_t bound = frame_size;
  bool is_measuring = true;
  bool is_too_large = false;
  /// Whether the second pass wanted more than the first one.
  bool is_out_of_step = false;

  BlockAllocator allocator;
  size_t spent = 0;
  // Its destructor is never called: it has nothing to free, and would need a C++ library.
  alignas(FlatBufferBuilder) unsigned char builder_memory[sizeof(FlatBufferBuilder)];
  Offset<void> *offset_memory = nullptr;

  uint32_t format_version = 1;
  float time_step = 0;
  Offset<String> name;

  bool has_input = false;
  uint32_t input_size = 0;
  Offset<flatbuffers::Vector<float>> scale, offset, trained_lower, trained_upper;
  Offsets<String> channel_names;
  Offsets<ConditioningStage> conditioning;
  SpikeEncoding encoding_kind = SpikeEncoding::NONE;
  Offset<void> encoding;

  uint8_t neuron = 0;
  const TypeTable *neuron_type = nullptr;
  NeuronField *neuron_fields = nullptr;

  Offsets<Layer> layers;
  Offset<Readout> readout;
  Offsets<String> class_labels;
  Offsets<OptionSetting> options;
  Offsets<Metadata> metadata;
  Offsets<Exemplar> exemplars;

  FlatBufferBuilder &builder() { return *std::launder(reinterpret_cast<FlatBufferBuilder *>(builder_memory)); }

  /// Whether the next piece shall be written: in the first pass it is counted, in the second there must be what was counted.
  bool writes(size_t count, size_t size, size_t more) {
    size_t &sum = is_measuring ? bound : spent;
    const size_t largest = is_measuring ? size_t(FLATBUFFERS_MAX_BUFFER_SIZE) : bound - frame_size;
    if (more > largest - sum || count > (largest - sum - more) / size) {
      (is_measuring ? is_too_large : is_out_of_step) = true;
      return false;
    }
    sum += count * size + more;
    return !is_measuring;
  }

  bool writes_table(size_t field_count) { return writes(field_count, 32, 32); }

  Offset<String> string(const char *text) {
    const size_t length = strlen(text);
    return writes(length, 1, 16) ? builder().CreateString(text, length) : Offset<String>();
  }

  template <typename T>
  Offset<flatbuffers::Vector<T>> vector(const T *values, size_t count) {
    using Vector = flatbuffers::Vector<T>;
    return writes(count, sizeof(T), 24) ? builder().CreateVector(values, count) : Offset<Vector>();
  }

  /// None if there are no values.
  template <typename T>
  Offset<flatbuffers::Vector<T>> optional_vector(const T *values, size_t count) {
    return count ? vector(values, count) : Offset<flatbuffers::Vector<T>>();
  }

  Offset<flatbuffers::Vector<const LabelRun *>> runs(const format_label_run *values, size_t count) {
    using Vector = flatbuffers::Vector<const LabelRun *>;
    if (!writes(count, sizeof(LabelRun), 24)) return Offset<Vector>();
    return builder().CreateVectorOfStructs(reinterpret_cast<const LabelRun *>(values), count);
  }

  /// The vector of the offsets, none if there are none.
  template <typename T>
  Offset<flatbuffers::Vector<Offset<T>>> vector(const Offsets<T> &offsets) {
    using Vector = flatbuffers::Vector<Offset<T>>;
    if (!offsets.counted || !writes(offsets.counted, sizeof(Offset<T>), 24)) return Offset<Vector>();
    return builder().CreateVector(offsets.elements, offsets.count);
  }

  /// The elements of a tensor, aligned for readers that map the file.
  Offset<flatbuffers::Vector<uint8_t>> data(const void *elements, size_t count, size_t element_size) {
    if (!writes(count, element_size, 24 + data_alignment)) return Offset<flatbuffers::Vector<uint8_t>>();
    const auto size = count * element_size;
    builder().ForceVectorAlignment(size, 1, data_alignment);
    return builder().CreateVector(static_cast<const uint8_t *>(elements), size);
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
    const size_t count = neuron_type->num_elems;
    neuron_type = nullptr;
    if (!writes_table(count)) return Offset<void>();
    const auto start = builder().StartTable();
    for (size_t i = 0; i < count; ++i) {
      const NeuronField &field = neuron_fields[i];
      if (!field.is_set) continue;
      const auto place = reflection::field_offset(static_cast<int>(i));
      if (field.tensor) {
        builder().AddOffset(place, Offset<Tensor>(field.tensor));
      } else {
        builder().AddElement<float>(place, field.constant);
      }
    }
    return Offset<void>(builder().EndTable(start));
  }

  /// The root table and what it refers to, after everything else.
  void finish_model() {
    Offset<Input> input;
    if (has_input) {
      const auto names = vector(channel_names);
      const auto stages = vector(conditioning);
      if (writes_table(10)) {
        input = CreateInput(builder(), input_size, names, scale, offset, encoding_kind, encoding, stages, trained_lower,
                            trained_upper);
      }
    }
    const auto layer_vector = vector(layers);
    const auto labels = vector(class_labels);
    const auto option_vector = vector(options);
    const auto entries = vector(metadata);
    const auto exemplar_vector = vector(exemplars);
    if (writes_table(10)) {
      FinishModelBuffer(builder(), CreateModel(builder(), format_version, name, time_step, input, layer_vector, readout, labels,
                                               option_vector, entries, exemplar_vector));
    }
  }
};

#ifdef WRITER_WITHOUT_CXX_LIBRARY
// FlatBuffers names these for allocators and pools of strings that are not used here.
void *operator new[](size_t size) { return system_allocate(size); }
void operator delete(void *memory) noexcept { system_free(memory); }
void operator delete(void *memory, size_t) noexcept { system_free(memory); }
void operator delete[](void *memory) noexcept { system_free(memory); }
#endif

extern "C" {

writer *writer_create(void) {
  void *memory = system_allocate(sizeof(writer) + most_neuron_fields() * sizeof(NeuronField));
  if (!memory) return nullptr;
  const auto made = new (memory) writer;
  made->neuron_fields = reinterpret_cast<NeuronField *>(made + 1);
  return made;
}

void writer_free(writer *writer) {
  if (!writer) return;
  system_free(writer->allocator.block);
  system_free(writer->offset_memory);
  system_free(writer);
}

writer_status writer_begin(writer *writer) {
  writer->finish_model();
  if (writer->is_too_large) return WRITER_TOO_LARGE;
  const size_t offset_count = writer->channel_names.counted + writer->conditioning.counted + writer->layers.counted + writer->class_labels.counted +
                              writer->options.counted + writer->metadata.counted + writer->exemplars.counted;
  const size_t capacity = (writer->bound + buffer_alignment - 1) / buffer_alignment * buffer_alignment;
  writer->offset_memory = static_cast<Offset<void> *>(system_allocate(offset_count * sizeof(Offset<void>)));
  writer->allocator.block = static_cast<uint8_t *>(system_allocate(capacity));
  if (!writer->offset_memory || !writer->allocator.block) return WRITER_OUT_OF_MEMORY;
  auto memory = writer->offset_memory;
  writer->channel_names.place(memory);
  writer->conditioning.place(memory);
  writer->layers.place(memory);
  writer->class_labels.place(memory);
  writer->options.place(memory);
  writer->metadata.place(memory);
  writer->exemplars.place(memory);
  new (writer->builder_memory) FlatBufferBuilder(capacity, &writer->allocator, false, buffer_alignment);
  writer->is_measuring = false;
  return WRITER_OK;
}

void writer_set_format_version(writer *writer, uint32_t version) { writer->format_version = version; }

void writer_set_name(writer *writer, const char *name) { writer->name = writer->string(name); }

void writer_set_time_step(writer *writer, float seconds) { writer->time_step = seconds; }

writer_tensor writer_add_tensor(writer *writer, const writer_elements *elements, const uint32_t *shape, size_t rank, bool trainable,
                                const writer_rows *rows) {
  const auto count = elements->count;
  const auto size = element_size(elements->type);
  if (rank > 8 || (rank && !shape) || (count && !elements->data) || !size) return 0;
  size_t product = 1;
  for (size_t i = 0; i < rank && !rows; ++i) {
    if (shape[i] != 0 && product > SIZE_MAX / shape[i]) return 0;
    product *= shape[i];
  }
  if (!rows && product != count) return 0;

  const auto data = writer->data(elements->data, count, size);
  const auto dimensions = writer->vector(shape, rank);
  Offset<flatbuffers::Vector<float>> scales;
  if (elements->scale_count) scales = writer->vector(elements->scales, elements->scale_count);
  Offset<flatbuffers::Vector<uint32_t>> offsets, columns;
  if (rows) {
    offsets = writer->vector(rows->offsets, rows->offset_count);
    columns = writer->vector(rows->columns, rows->column_count);
  }
  if (!writer->writes_table(8)) return writer->is_measuring;
  return CreateTensor(writer->builder(), static_cast<ElementType>(elements->type), dimensions, data, scales, trainable,
                      rows ? Layout::SparseRows : Layout::Dense, offsets, columns)
      .o;
}

void writer_set_input(writer *writer, uint32_t size, const float *scale, const float *offset) {
  writer->has_input = true;
  writer->input_size = size;
  if (scale) writer->scale = writer->vector(scale, size);
  if (offset) writer->offset = writer->vector(offset, size);
}

void writer_add_channel_name(writer *writer, const char *name) {
  writer->channel_names.add(writer->string(name));
}

void writer_add_conditioning(writer *writer, const format_conditioning *stage) {
  const auto first = writer->optional_vector(
      stage->kind == FORMAT_CONDITIONING_CLIP ? stage->lower : stage->time_constants,
      stage->kind == FORMAT_CONDITIONING_CLIP ? stage->lower_count : stage->time_constant_count);
  const auto second = writer->optional_vector(
      stage->kind == FORMAT_CONDITIONING_CLIP ? stage->upper : stage->deviations,
      stage->kind == FORMAT_CONDITIONING_CLIP ? stage->upper_count : stage->deviation_count);
  Offset<ConditioningStage> made;
  if (writer->writes_table(6)) {
    auto &builder = writer->builder();
    Offset<void> kind;
    switch (stage->kind) {
      case FORMAT_CONDITIONING_HIGH_PASS: kind = CreateHighPass(builder, first).Union(); break;
      case FORMAT_CONDITIONING_RUNNING_NORMALIZATION:
        kind = CreateRunningNormalization(builder, first, second, stage->largest_gain, stage->limit).Union();
        break;
      case FORMAT_CONDITIONING_CLIP: kind = CreateClip(builder, first, second).Union(); break;
      case FORMAT_CONDITIONING_RECTIFIED_DIFFERENCE: kind = CreateRectifiedDifference(builder).Union(); break;
      default: break;
    }
    made = CreateConditioningStage(builder, static_cast<ConditioningKind>(stage->kind), kind);
  }
  writer->conditioning.add(made);
}

void writer_set_encoding(writer *writer, const format_encoding *encoding) {
  const auto thresholds = writer->optional_vector(encoding->thresholds, encoding->threshold_count);
  const auto centers = writer->optional_vector(encoding->centers, encoding->center_count);
  const auto widths = writer->optional_vector(encoding->widths, encoding->width_count);
  if (!writer->writes_table(5)) return;
  auto &builder = writer->builder();
  const auto output = static_cast<LevelCrossingOutput>(encoding->output);
  switch (encoding->kind) {
    case FORMAT_ENCODING_LEVEL_CROSSING: writer->encoding = CreateLevelCrossing(builder, thresholds, output).Union(); break;
    case FORMAT_ENCODING_DELTA: writer->encoding = CreateDelta(builder, thresholds, output).Union(); break;
    case FORMAT_ENCODING_THRESHOLD_ACCUMULATION:
      writer->encoding = CreateThresholdAccumulation(builder, thresholds, output).Union();
      break;
    case FORMAT_ENCODING_RECEPTIVE_FIELDS:
      writer->encoding = CreateReceptiveFields(builder, static_cast<uint8_t>(encoding->fields), centers, widths, encoding->cutoff,
                                               static_cast<ReceptiveFieldOutput>(encoding->output))
                             .Union();
      break;
    default: return;
  }
  writer->encoding_kind = static_cast<SpikeEncoding>(encoding->kind);
}

void writer_set_trained_range(writer *writer, const float *lower, const float *upper, size_t count) {
  writer->trained_lower = writer->optional_vector(lower, count);
  writer->trained_upper = writer->optional_vector(upper, count);
}

bool writer_begin_neuron(writer *writer, const char *neuron_name) {
  const uint8_t neuron = reflection::member_named(NeuronModelTypeTable(), neuron_name);
  const auto type = reflection::member_type(NeuronModelTypeTable(), neuron);
  if (!type) return false;
  writer->neuron = neuron;
  writer->neuron_type = type;
  for (size_t i = 0; i < type->num_elems; ++i) writer->neuron_fields[i] = NeuronField();
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
  const auto name = layer->name ? writer->string(layer->name) : Offset<String>();
  const auto neuron = writer->finish_neuron();
  Offset<Surrogate> surrogate;
  if (layer->has_surrogate && writer->writes_table(3)) {
    SurrogateBuilder table(writer->builder());
    if (layer->has_surrogate_slope) table.add_slope(layer->surrogate_slope);
    if (layer->has_surrogate_scale) table.add_scale(layer->surrogate_scale);
    table.add_kind(static_cast<SurrogateKind>(layer->surrogate_kind));
    surrogate = table.Finish();
  }
  Offset<Layer> made;
  if (writer->writes_table(8)) {
    made = CreateLayer(writer->builder(), name, static_cast<NeuronModel>(writer->neuron), neuron, surrogate,
                       static_cast<ResetKind>(layer->reset), Offset<Tensor>(layer->input_weight),
                       Offset<Tensor>(layer->recurrent_weight), Offset<Tensor>(layer->bias));
  }
  writer->layers.add(made);
  return true;
}

bool writer_set_readout(writer *writer, uint8_t kind, writer_tensor weight, writer_tensor bias, writer_tensor tau) {
  if (!weight) return false;
  if (writer->writes_table(4)) {
    writer->readout = CreateReadout(writer->builder(), static_cast<ReadoutKind>(kind), Offset<Tensor>(weight),
                                    Offset<Tensor>(bias), Offset<Tensor>(tau));
  }
  return true;
}

void writer_add_class_label(writer *writer, const char *label) { writer->class_labels.add(writer->string(label)); }

void writer_add_option(writer *writer, const char *name, double value) {
  const auto text = writer->string(name);
  Offset<OptionSetting> made;
  if (writer->writes_table(2)) made = CreateOptionSetting(writer->builder(), text, value);
  writer->options.add(made);
}

void writer_add_metadata(writer *writer, const char *key, const char *value) {
  const auto key_text = writer->string(key);
  const auto value_text = writer->string(value);
  Offset<Metadata> made;
  if (writer->writes_table(2)) made = CreateMetadata(writer->builder(), key_text, value_text);
  writer->metadata.add(made);
}

void writer_add_exemplar(writer *writer, const format_exemplar *exemplar) {
  const auto values = writer->optional_vector(exemplar->values, exemplar->value_count);
  const auto scale = writer->optional_vector(exemplar->value_scale, exemplar->value_scale_count);
  const auto offset = writer->optional_vector(exemplar->value_offset, exemplar->value_offset_count);
  const auto counts = writer->optional_vector(exemplar->spike_counts, exemplar->spike_count_count);
  const auto channels = writer->optional_vector(exemplar->spike_channels, exemplar->spike_channel_count);
  const auto labels = writer->runs(exemplar->labels, exemplar->label_count);
  const auto targets = writer->optional_vector(exemplar->targets, exemplar->target_count);
  Offset<Exemplar> made;
  if (writer->writes_table(8)) {
    made = CreateExemplar(writer->builder(), values, scale, offset, counts, channels, labels, targets, exemplar->starts_sequence);
  }
  writer->exemplars.add(made);
}

void *writer_finish(writer *writer, size_t *size) {
  *size = 0;
  if (writer->is_measuring || !writer->allocator.block) return nullptr;
  writer->finish_model();
  if (writer->is_out_of_step || writer->spent != writer->bound - frame_size) return nullptr;
  // The builder grows downwards: the file is the end of the block.
  *size = writer->builder().GetSize();
  const auto block = writer->allocator.block;
  memmove(block, writer->builder().GetBufferPointer(), *size);
  writer->allocator.block = nullptr;
  return block;
}

}  // extern "C"
