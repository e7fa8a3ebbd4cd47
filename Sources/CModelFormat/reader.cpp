// The C functions of CModelFormat.h.
#include "CModelFormat.h"

#include "model_fields.h"

using namespace hypr::format;

// The constants of the header are the schema's.
static_assert(FORMAT_ELEMENT_FLOAT32 == static_cast<int32_t>(ElementType::Float32), "");
static_assert(FORMAT_ELEMENT_FLOAT16 == static_cast<int32_t>(ElementType::Float16), "");
static_assert(FORMAT_ELEMENT_INT8 == static_cast<int32_t>(ElementType::Int8), "");
static_assert(FORMAT_LAYOUT_DENSE == static_cast<int32_t>(Layout::Dense), "");
static_assert(FORMAT_LAYOUT_SPARSE_ROWS == static_cast<int32_t>(Layout::SparseRows), "");
static_assert(FORMAT_SURROGATE_MODEL_DEFAULT == static_cast<int32_t>(SurrogateKind::ModelDefault), "");
static_assert(FORMAT_SURROGATE_DOUBLE_GAUSSIAN == static_cast<int32_t>(SurrogateKind::DoubleGaussian), "");
static_assert(FORMAT_SURROGATE_SLAYER == static_cast<int32_t>(SurrogateKind::Slayer), "");
static_assert(FORMAT_SURROGATE_TRIANGLE == static_cast<int32_t>(SurrogateKind::Triangle), "");
static_assert(FORMAT_SURROGATE_FAST_SIGMOID == static_cast<int32_t>(SurrogateKind::FastSigmoid), "");
static_assert(FORMAT_SURROGATE_ARC_TANGENT == static_cast<int32_t>(SurrogateKind::ArcTangent), "");
static_assert(FORMAT_SURROGATE_STRAIGHT_THROUGH == static_cast<int32_t>(SurrogateKind::StraightThrough), "");
static_assert(FORMAT_RESET_MODEL_DEFAULT == static_cast<int32_t>(ResetKind::ModelDefault), "");
static_assert(FORMAT_RESET_NONE == static_cast<int32_t>(ResetKind::None), "");
static_assert(FORMAT_RESET_SUBTRACT == static_cast<int32_t>(ResetKind::Subtract), "");
static_assert(FORMAT_RESET_SET == static_cast<int32_t>(ResetKind::Set), "");
static_assert(FORMAT_RESET_DELAYED_SUBTRACT == static_cast<int32_t>(ResetKind::DelayedSubtract), "");
static_assert(FORMAT_RESET_DELAYED_SET == static_cast<int32_t>(ResetKind::DelayedSet), "");
static_assert(FORMAT_CONDITIONING_HIGH_PASS == static_cast<int32_t>(ConditioningKind::HighPass), "");
static_assert(FORMAT_CONDITIONING_RUNNING_NORMALIZATION == static_cast<int32_t>(ConditioningKind::RunningNormalization), "");
static_assert(FORMAT_CONDITIONING_CLIP == static_cast<int32_t>(ConditioningKind::Clip), "");
static_assert(FORMAT_CONDITIONING_RECTIFIED_DIFFERENCE == static_cast<int32_t>(ConditioningKind::RectifiedDifference), "");
static_assert(FORMAT_ENCODING_LEVEL_CROSSING == static_cast<int32_t>(SpikeEncoding::LevelCrossing), "");
static_assert(FORMAT_ENCODING_DELTA == static_cast<int32_t>(SpikeEncoding::Delta), "");
static_assert(FORMAT_ENCODING_THRESHOLD_ACCUMULATION == static_cast<int32_t>(SpikeEncoding::ThresholdAccumulation), "");
static_assert(FORMAT_ENCODING_RECEPTIVE_FIELDS == static_cast<int32_t>(SpikeEncoding::ReceptiveFields), "");
static_assert(FORMAT_READOUT_LEAKY_INTEGRATOR == static_cast<int32_t>(ReadoutKind::LeakyIntegrator), "");

// What is handed out in place has the schema's layout.
static_assert(sizeof(format_label_run) == sizeof(LabelRun) && alignof(format_label_run) == alignof(LabelRun), "");

static_assert(FORMAT_HEAD_SIZE == sizeof(flatbuffers::uoffset_t) + flatbuffers::kFileIdentifierLength, "");

static const Layer *layer_at(const format_model *model, size_t index) { return element_of(root(model)->layers(), index); }

/// The neuron table of a layer, null where the layer, the table or knowledge of its type is missing.
static TypedTable neuron_at(const format_model *model, size_t index) {
  const auto layer = layer_at(model, index);
  if (!layer) return {nullptr, nullptr};
  return TypedTable::of_union(NeuronModelTypeTable(), static_cast<uint8_t>(layer->neuron_type()), layer->neuron());
}

/// Of the encodings that have thresholds.
template <typename T>
static bool describe(const T *encoding, format_encoding *out) {
  if (!encoding) return false;
  out->thresholds = values_of(encoding->thresholds());
  out->threshold_count = count_of(encoding->thresholds());
  out->output = static_cast<uint8_t>(encoding->output());
  return true;
}

/// The name of a member of a union, "" if it has none.
static const char *member_of(const flatbuffers::TypeTable *members, int32_t value) {
  const auto name = value < 0 || value > 255 ? nullptr : reflection::member_name(members, static_cast<uint8_t>(value));
  return name ? name : "";
}

extern "C" {

bool format_has_identifier(const void *data, size_t size) {
  return data && size >= FORMAT_HEAD_SIZE && ModelBufferHasIdentifier(data);
}

uint32_t format_root_offset(const void *data) { return flatbuffers::ReadScalar<flatbuffers::uoffset_t>(data); }

const format_model *format_open(const void *data, size_t size) {
  if (!format_has_identifier(data, size) || size >= FLATBUFFERS_MAX_BUFFER_SIZE) return nullptr;
  if (reinterpret_cast<uintptr_t>(data) % FORMAT_ALIGNMENT != 0) return nullptr;
  flatbuffers::Verifier verifier(static_cast<const uint8_t *>(data), size, 64, 1000000);
  if (!VerifyModelBuffer(verifier)) return nullptr;
  return reinterpret_cast<const format_model *>(GetModel(data));
}

uint32_t format_version(const format_model *model) { return root(model)->format_version(); }

const char *format_name(const format_model *model) { return text_of(root(model)->name()); }

float format_time_step(const format_model *model) { return root(model)->time_step(); }

bool format_input(const format_model *model, format_input_info *out) {
  *out = format_input_info{};
  const auto input = root(model)->input();
  if (!input) return false;
  out->size = input->size();
  out->channel_name_count = count_of(input->channel_names());
  out->scale = values_of(input->scale());
  out->scale_count = count_of(input->scale());
  out->offset = values_of(input->offset());
  out->offset_count = count_of(input->offset());
  out->encoding_type = static_cast<uint8_t>(input->encoding_type());
  out->conditioning_count = count_of(input->conditioning());
  out->trained_lower = values_of(input->trained_lower());
  out->trained_lower_count = count_of(input->trained_lower());
  out->trained_upper = values_of(input->trained_upper());
  out->trained_upper_count = count_of(input->trained_upper());
  return true;
}

const char *format_channel_name(const format_model *model, size_t index) {
  const auto input = root(model)->input();
  const auto name = input ? element_of(input->channel_names(), index) : nullptr;
  return name ? name->c_str() : nullptr;
}

bool format_get_conditioning(const format_model *model, size_t index, format_conditioning *out) {
  *out = format_conditioning{};
  const auto input = root(model)->input();
  const auto stage = input ? element_of(input->conditioning(), index) : nullptr;
  if (!stage) return false;
  out->kind = static_cast<uint8_t>(stage->kind_type());
  if (const auto high_pass = stage->kind_as_HighPass()) {
    out->time_constants = values_of(high_pass->time_constants());
    out->time_constant_count = count_of(high_pass->time_constants());
    return true;
  }
  if (const auto normalization = stage->kind_as_RunningNormalization()) {
    out->time_constants = values_of(normalization->time_constants());
    out->time_constant_count = count_of(normalization->time_constants());
    out->deviations = values_of(normalization->deviations());
    out->deviation_count = count_of(normalization->deviations());
    out->largest_gain = normalization->largest_gain().value_or(FORMAT_LARGEST_GAIN);
    out->limit = normalization->limit().value_or(FORMAT_LIMIT);
    return true;
  }
  if (const auto clip = stage->kind_as_Clip()) {
    out->lower = values_of(clip->lower());
    out->lower_count = count_of(clip->lower());
    out->upper = values_of(clip->upper());
    out->upper_count = count_of(clip->upper());
    return true;
  }
  return stage->kind_as_RectifiedDifference() != nullptr;
}

bool format_get_encoding(const format_model *model, format_encoding *out) {
  *out = format_encoding{};
  const auto input = root(model)->input();
  if (!input) return false;
  out->kind = static_cast<uint8_t>(input->encoding_type());
  if (const auto fields = input->encoding_as_ReceptiveFields()) {
    out->fields = fields->fields();
    out->centers = values_of(fields->centers());
    out->center_count = count_of(fields->centers());
    out->widths = values_of(fields->widths());
    out->width_count = count_of(fields->widths());
    out->cutoff = fields->cutoff().value_or(FORMAT_CUTOFF);
    out->output = static_cast<uint8_t>(fields->output());
    return true;
  }
  return describe(input->encoding_as_LevelCrossing(), out) || describe(input->encoding_as_Delta(), out) ||
         describe(input->encoding_as_ThresholdAccumulation(), out);
}

const char *format_encoding_name(format_encoding_kind kind) { return member_of(SpikeEncodingTypeTable(), kind); }

const char *format_conditioning_name(format_conditioning_kind kind) { return member_of(ConditioningKindTypeTable(), kind); }

size_t format_layer_count(const format_model *model) { return count_of(root(model)->layers()); }

const char *format_surrogate_name(format_surrogate_kind kind) {
  const auto name = kind < 0 || kind > UINT8_MAX
                        ? nullptr
                        : reflection::member_name(SurrogateKindTypeTable(), static_cast<uint8_t>(kind));
  return name ? name : "";
}

bool format_layer(const format_model *model, size_t index, format_layer_info *out) {
  *out = format_layer_info{};
  const auto layer = layer_at(model, index);
  if (!layer) return false;
  out->name = text_of(layer->name());
  const auto type = static_cast<uint8_t>(layer->neuron_type());
  out->neuron_type = type;
  if (neuron_at(model, index).table) out->neuron_name = reflection::member_name(NeuronModelTypeTable(), type);
  if (const auto surrogate = layer->surrogate()) {
    out->has_surrogate = true;
    out->surrogate_kind = static_cast<format_surrogate_kind>(surrogate->kind());
    out->has_surrogate_slope = surrogate->slope().has_value();
    out->surrogate_slope = surrogate->slope().value_or(0);
    out->has_surrogate_scale = surrogate->scale().has_value();
    out->surrogate_scale = surrogate->scale().value_or(0);
  }
  out->reset = static_cast<format_reset_kind>(layer->reset());
  return true;
}

bool format_layer_tensor(const format_model *model, size_t layer, const char *field_name, format_tensor *out) {
  return read_tensor(TypedTable::of(layer_at(model, layer)), field_name, out);
}

bool format_neuron_tensor(const format_model *model, size_t layer, const char *field_name, format_tensor *out) {
  return read_tensor(neuron_at(model, layer), field_name, out);
}

bool format_neuron_constant(const format_model *model, size_t layer, const char *field_name, float *out) {
  return read_scalar(neuron_at(model, layer), field_name, out);
}

bool format_readout(const format_model *model, format_readout_kind *out) {
  const auto readout = root(model)->readout();
  *out = readout ? static_cast<format_readout_kind>(readout->kind()) : 0;
  return readout != nullptr;
}

bool format_readout_tensor(const format_model *model, const char *field_name, format_tensor *out) {
  return read_tensor(TypedTable::of(root(model)->readout()), field_name, out);
}

size_t format_class_label_count(const format_model *model) { return count_of(root(model)->class_labels()); }

const char *format_class_label(const format_model *model, size_t index) {
  const auto label = element_of(root(model)->class_labels(), index);
  return label ? label->c_str() : nullptr;
}

size_t format_option_count(const format_model *model) { return count_of(root(model)->recommended_options()); }

const char *format_option_name(const format_model *model, size_t index) {
  const auto option = element_of(root(model)->recommended_options(), index);
  return option ? text_of(option->name()) : nullptr;
}

double format_option_value(const format_model *model, size_t index) {
  const auto option = element_of(root(model)->recommended_options(), index);
  return option ? option->value() : 0;
}

size_t format_metadata_count(const format_model *model) { return count_of(root(model)->metadata()); }

const char *format_metadata_key(const format_model *model, size_t index) {
  const auto entry = element_of(root(model)->metadata(), index);
  return entry ? text_of(entry->key()) : nullptr;
}

const char *format_metadata_value(const format_model *model, size_t index) {
  const auto entry = element_of(root(model)->metadata(), index);
  return entry ? text_of(entry->value()) : nullptr;
}

size_t format_exemplar_count(const format_model *model) { return count_of(root(model)->exemplars()); }

bool format_get_exemplar(const format_model *model, size_t index, format_exemplar *out) {
  *out = format_exemplar{};
  const auto exemplar = element_of(root(model)->exemplars(), index);
  if (!exemplar) return false;
  out->values = values_of(exemplar->values());
  out->value_count = count_of(exemplar->values());
  out->value_scale = values_of(exemplar->value_scale());
  out->value_scale_count = count_of(exemplar->value_scale());
  out->value_offset = values_of(exemplar->value_offset());
  out->value_offset_count = count_of(exemplar->value_offset());
  out->spike_counts = values_of(exemplar->spike_counts());
  out->spike_count_count = count_of(exemplar->spike_counts());
  out->spike_channels = values_of(exemplar->spike_channels());
  out->spike_channel_count = count_of(exemplar->spike_channels());
  out->label_count = count_of(exemplar->labels());
  if (out->label_count) out->labels = reinterpret_cast<const format_label_run *>(exemplar->labels()->Data());
  out->targets = values_of(exemplar->targets());
  out->target_count = count_of(exemplar->targets());
  out->starts_sequence = exemplar->starts_sequence();
  return true;
}

}  // extern "C"
