// What the schema says about neuron models.
#include "CModelWriter.h"
#include "schema_reflection.h"

using namespace hypr::format;
using flatbuffers::TypeTable;

/// The table type of a neuron model, null if unknown.
static const TypeTable *neuron_type(const char *name) {
  return reflection::member_type(NeuronModelTypeTable(), reflection::member_named(NeuronModelTypeTable(), name));
}

extern "C" {

size_t writer_schema_neuron_count(void) { return NeuronModelTypeTable()->num_elems - 1; }

const char *writer_schema_neuron_name(size_t index) {
  return index < writer_schema_neuron_count() ? NeuronModelTypeTable()->names[index + 1] : nullptr;
}

size_t writer_schema_field_count(const char *neuron_name) {
  const auto type = neuron_type(neuron_name);
  return type ? type->num_elems : 0;
}

const char *writer_schema_field_name(const char *neuron_name, size_t index, bool *is_tensor) {
  const auto type = neuron_type(neuron_name);
  if (!type || index >= type->num_elems) return nullptr;
  *is_tensor = reflection::is_tensor(type, static_cast<int>(index));
  return type->names[index];
}

}  // extern "C"
