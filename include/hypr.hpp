// hypr.hpp: hypr.h for C++17 and later. Header-only; link the same library.
//
//   #include <hypr.hpp>
//   #include <cstdio>
//
//   int main() {
//     hypr::Model model("ecg.hypr");  // hypr create ecg.hypr --inputs 4 --layer brf:36 --outputs 6
//     hypr::Session session(model, hypr::Options().set(HYPR_OPTION_LEARNING, 1).set("window", 10));
//     float input[4] = {1, 0, 0, 0}, output[6];
//     session.step(input, output);
//     session.teach_class(2);
//     std::printf("%.3f\n", session.statistics().mean_loss);
//     session.save_model("adapted.hypr");
//   }
//
// What a call does, takes and refuses is said in hypr.h beside the function of the same name: hypr_session_step is Session::step.
// Here is only what C++ adds.
//
//   - Model, Options, Session and Builder own their handle: moved, not copied, freed at the end of their life. After a move the
//     old one is empty: its get() is nullptr, and calls on it fail with HYPR_ERROR_INVALID_ARGUMENT.
//   - A call that fails throws hypr::Error, which has the status and the library's message. With HYPR_NO_EXCEPTIONS defined before
//     the header (it is, where the compiler has none) every such call returns a hypr::Result instead, which must be looked at.
//   - Arrays are hypr::span: std::span where there is one, otherwise a small class that can be made of the same things: arrays,
//     std::vector, std::array, a pointer with a count. Sizes are checked by the library.
//   - Nothing here allocates but std::vector where a function returns one, and what the library itself allocates: a step does not.
//   - Threads, floating point and versions: as hypr.h says.
#ifndef HYPR_HPP
#define HYPR_HPP

#include <hypr.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <utility>

#if !defined(HYPR_NO_EXCEPTIONS) && !defined(__cpp_exceptions)
#define HYPR_NO_EXCEPTIONS
#endif
#ifndef HYPR_NO_EXCEPTIONS
#include <stdexcept>
#endif
#if __cplusplus >= 202002L && defined(__has_include)
#if __has_include(<span>)
#include <span>
#endif
#endif

namespace hypr {

// ------------------------------------------------------------------------------------------------------------------- arrays

#ifdef __cpp_lib_span
using std::span;
#else
/// Numbers that lie somewhere else: a pointer and a count.
template <class T>
class span {
 public:
  /// Nothing.
  constexpr span() noexcept = default;
  /// Of a pointer and a count.
  constexpr span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
  /// Of an array.
  template <std::size_t N>
  constexpr span(T (&array)[N]) noexcept : data_(array), size_(N) {}
  /// What has data() and size(), such as std::vector and std::array.
  template <class Range, class = std::enable_if_t<
                             std::is_convertible_v<decltype(std::declval<Range &>().data()), T *> &&
                             !std::is_same_v<std::remove_cv_t<std::remove_reference_t<Range>>, span>>>
  constexpr span(Range &&range) noexcept : data_(range.data()), size_(range.size()) {
    static_assert(std::is_lvalue_reference_v<Range> || std::is_const_v<T>, "a temporary would be gone when it is written to");
  }

  /// The first number.
  constexpr T *data() const noexcept { return data_; }
  /// How many there are.
  constexpr std::size_t size() const noexcept { return size_; }
  /// Whether there are none.
  constexpr bool empty() const noexcept { return size_ == 0; }
  /// One of them; not checked.
  constexpr T &operator[](std::size_t index) const { return data_[index]; }
  /// For loops.
  constexpr T *begin() const noexcept { return data_; }
  /// For loops.
  constexpr T *end() const noexcept { return data_ + size_; }

 private:
  T *data_ = nullptr;
  std::size_t size_ = 0;
};
#endif

/// Text for the library, of a literal or of a std::string; nothing is copied.
class Text {
 public:
  /// Must stay as long as this.
  Text(const char *text) noexcept : text_(text) {}
  /// Likewise.
  Text(const std::string &text) noexcept : text_(text.c_str()) {}
  /// NUL-terminated.
  const char *get() const noexcept { return text_; }

 private:
  const char *text_;
};

// ------------------------------------------------------------------------------------------------------------------- errors

#ifndef HYPR_NO_EXCEPTIONS

/// What a call has refused: its status, and in what() the status' name and the library's message.
class Error : public std::runtime_error {
 public:
  /// Of a status that is not HYPR_OK.
  Error(hypr_status status, const char *message)
      : std::runtime_error(std::string(hypr_status_name(status)) + ": " + message), status_(status) {}
  /// One of HYPR_ERROR_.
  hypr_status status() const noexcept { return status_; }

 private:
  hypr_status status_;
};

/// What a call that can fail returns.
template <class T>
using Outcome = T;

namespace detail {
inline void check(hypr_status status, const char *message) {
  if (status != HYPR_OK) throw Error(status, message);
}
template <class T>
T outcome(hypr_status status, const char *message, T &&value) {
  check(status, message);
  return std::forward<T>(value);
}
}  // namespace detail

#else

/// What a call has refused: its status and the library's message.
class Error {
 public:
  Error() noexcept = default;
  Error(hypr_status status, const char *message) noexcept : status_(status) {
    std::strncpy(message_, message, sizeof message_ - 1);
    message_[sizeof message_ - 1] = 0;
  }
  hypr_status status() const noexcept { return status_; }
  const char *what() const noexcept { return status_ == HYPR_OK ? "" : message_; }

 private:
  hypr_status status_ = HYPR_OK;
  char message_[256];  // set only where there is an error
};

/// A value, or why there is none: `if (auto result = session.statistics()) use(*result); else puts(result.error().what());`
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T &&value) : value_(std::move(value)) {}
  Result(hypr_status status, const char *message, T &&value) : error_(status, message), value_(std::move(value)) {}
  explicit operator bool() const noexcept { return error_.status() == HYPR_OK; }
  const Error &error() const noexcept { return error_; }
  /// Of a result that failed it is empty, or zero.
  T &operator*() noexcept { return value_; }
  T *operator->() noexcept { return &value_; }

 private:
  Error error_;
  T value_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() noexcept = default;
  Result(hypr_status status, const char *message) noexcept : error_(status, message) {}
  explicit operator bool() const noexcept { return error_.status() == HYPR_OK; }
  const Error &error() const noexcept { return error_; }

 private:
  Error error_;
};

template <class T>
using Outcome = Result<T>;

namespace detail {
inline Result<void> check(hypr_status status, const char *message) {
  return status == HYPR_OK ? Result<void>() : Result<void>(status, message);
}
template <class T>
Result<T> outcome(hypr_status status, const char *message, T &&value) {
  return status == HYPR_OK ? Result<T>(std::move(value)) : Result<T>(status, message, std::move(value));
}
}  // namespace detail

#endif

namespace detail {

/// Where a function that makes an object says why it could not.
struct Message {
  char text[256] = "";
};

/// A handle that frees itself; moved, not copied.
template <class Handle, void (*free)(Handle *)>
class Owner {
 public:
  Owner() noexcept = default;
  explicit Owner(Handle *handle) noexcept : handle_(handle) {}
  Owner(Owner &&other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Owner &operator=(Owner &&other) noexcept {
    if (this != &other) {
      free(handle_);
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Owner() { free(handle_); }

  /// The handle, for hypr.h; it stays this object's.
  Handle *get() const noexcept { return handle_; }
  /// Whether there is one: not after a move, nor if making it failed.
  explicit operator bool() const noexcept { return handle_ != nullptr; }

 protected:
  Handle *handle_ = nullptr;
};

/// An empty struct of hypr.h, with its size as this header knows it.
template <class Struct>
Struct sized() noexcept {
  Struct value{};
  value.struct_size = sizeof value;
  return value;
}

}  // namespace detail

/// Bytes and alignment that an object takes.
struct Memory {
  std::size_t bytes;      ///< At least so many.
  std::size_t alignment;  ///< Of the first of them.
};

inline std::uint32_t version_number() noexcept { return hypr_version_number(); }
inline const char *version_string() noexcept { return hypr_version_string(); }
inline const char *status_name(hypr_status status) noexcept { return hypr_status_name(status); }

// ------------------------------------------------------------------------------------------------------------------- models

/// A network as it stands in a .hypr file. Immutable: threads may share it.
class Model : public detail::Owner<hypr_model, hypr_model_free> {
 public:
  /// Without a handle.
  Model() noexcept = default;
  /// Takes a handle of hypr.h over, and frees it.
  explicit Model(hypr_model *handle) noexcept : Owner(handle) {}
#ifndef HYPR_NO_EXCEPTIONS
  /// As load.
  explicit Model(Text path) : Model(load(path)) {}
#endif

  static Outcome<Model> load(Text path) {
    detail::Message why;
    hypr_model *model = nullptr;
    const hypr_status status = hypr_model_load(path.get(), &model, why.text, sizeof why.text);
    return detail::outcome(status, why.text, Model(model));
  }
  static Outcome<Model> load_buffer(const void *data, std::size_t size) {
    detail::Message why;
    hypr_model *model = nullptr;
    const hypr_status status = hypr_model_load_buffer(data, size, &model, why.text, sizeof why.text);
    return detail::outcome(status, why.text, Model(model));
  }

  /// What a model takes whose file stays where it is, and which is made in the caller's memory; and that model.
  static Outcome<Memory> memory_size(const void *data, std::size_t size) {
    detail::Message why;
    Memory memory{};
    const hypr_status status = hypr_model_memory_size(data, size, &memory.bytes, &memory.alignment, why.text, sizeof why.text);
    return detail::outcome(status, why.text, std::move(memory));
  }
  static Outcome<Model> create_in(const void *data, std::size_t size, void *memory, std::size_t bytes) {
    detail::Message why;
    hypr_model *model = nullptr;
    const hypr_status status = hypr_model_create_in(data, size, memory, bytes, &model, why.text, sizeof why.text);
    return detail::outcome(status, why.text, Model(model));
  }

  std::size_t input_size() const noexcept { return hypr_model_input_size(get()); }
  std::size_t output_size() const noexcept { return hypr_model_output_size(get()); }
  std::size_t layer_count() const noexcept { return hypr_model_layer_count(get()); }
  std::size_t parameter_count() const noexcept { return hypr_model_parameter_count(get()); }
  std::size_t layer_size(std::size_t layer) const noexcept { return hypr_model_layer_size(get(), layer); }
  const char *layer_neuron(std::size_t layer) const noexcept { return hypr_model_layer_neuron(get(), layer); }
  const char *name() const noexcept { return hypr_model_name(get()); }
  float time_step() const noexcept { return hypr_model_time_step(get()); }
  const char *input_name(std::size_t channel) const noexcept { return hypr_model_input_name(get(), channel); }
  const char *class_label(std::size_t output) const noexcept { return hypr_model_class_label(get(), output); }
  std::size_t metadata_count() const noexcept { return hypr_model_metadata_count(get()); }
  const char *metadata_key(std::size_t index) const noexcept { return hypr_model_metadata_key(get(), index); }
  const char *metadata_value(std::size_t index) const noexcept { return hypr_model_metadata_value(get(), index); }

  std::size_t first_layer_inputs() const noexcept { return hypr_model_first_layer_inputs(get()); }
  /// [input size] each.
  Outcome<void> trained_range(span<float> lower, span<float> upper) const {
    const hypr_status status = lower.size() == upper.size()
                                   ? hypr_model_trained_range(get(), lower.data(), upper.data(), lower.size())
                                   : HYPR_ERROR_SIZE_MISMATCH;
    return detail::check(status, "the range in training");
  }

  std::size_t tensor_count() const noexcept { return hypr_model_tensor_count(get()); }
  Outcome<hypr_tensor_info> tensor_info(std::size_t index) const {
    auto info = detail::sized<hypr_tensor_info>();
    return outcome(hypr_model_tensor_info(get(), index, &info), "of a tensor", std::move(info));
  }
  Outcome<std::size_t> find_tensor(Text tensor) const {
    std::size_t index = 0;
    return outcome(hypr_model_find_tensor(get(), tensor.get(), &index), tensor.get(), std::move(index));
  }
  Outcome<void> tensor_values(std::size_t index, span<float> out) const {
    return detail::check(hypr_model_tensor_values(get(), index, out.data(), out.size()), "values of a tensor");
  }
  std::size_t exemplar_count() const noexcept { return hypr_model_exemplar_count(get()); }
  Outcome<hypr_exemplar_info> exemplar_info(std::size_t index) const {
    auto info = detail::sized<hypr_exemplar_info>();
    return outcome(hypr_model_exemplar_info(get(), index, &info), "of an exemplar", std::move(info));
  }

 private:
  // A model has no place for messages.
  template <class T>
  static Outcome<T> outcome(hypr_status status, const char *what, T &&value) {
    return detail::outcome(status, what, std::forward<T>(value));
  }
};

// ------------------------------------------------------------------------------------------------------------------ options

/// Options for sessions: `Options().set(HYPR_OPTION_LEARNING, 1).set("window", 10)`. Without exceptions the first `set` that fails
/// is kept and the rest is ignored: status() has it, and a session that is made with these options is refused with it.
class Options : public detail::Owner<hypr_options, hypr_options_free> {
 public:
  Options() {
    detail::Message why;
    keep(hypr_options_create(&handle_, why.text, sizeof why.text), why.text);
  }
  /// In the caller's memory, which must outlive the options.
  Options(void *memory, std::size_t bytes) {
    detail::Message why;
    keep(hypr_options_create_in(memory, bytes, &handle_, why.text, sizeof why.text), why.text);
  }
  static Outcome<Memory> memory_size() {
    Memory memory{};
    const hypr_status status = hypr_options_memory_size(&memory.bytes, &memory.alignment);
    return detail::outcome(status, "options", std::move(memory));
  }
  Options(std::initializer_list<std::pair<hypr_option, double>> values) : Options() {
    for (const auto &[key, value] : values) set(key, value);
  }

  Options &set(hypr_option key, double value) & {
    if (error_.status() == HYPR_OK) keep(hypr_options_set(get(), key, value), hypr_options_message(get()));
    return *this;
  }
  Options &set(Text name, double value) & {
    hypr_option key = 0;
    if (error_.status() != HYPR_OK) return *this;
    const hypr_status status = hypr_option_find(name.get(), &key);
    if (status == HYPR_OK) return set(key, value);
    const char *meant = hypr_option_suggest(name.get());
    std::string text = std::string("there is no option ") + name.get();
    if (meant) text = text + ": did you mean " + meant + "?";
    keep(status, text.c_str());
    return *this;
  }
  /// The same of options that are made on the spot.
  Options &&set(hypr_option key, double value) && { return std::move(set(key, value)); }
  /// Likewise.
  Options &&set(Text name, double value) && { return std::move(set(name, value)); }

  using Owner::get;
  Outcome<double> get(hypr_option key) const {
    double value = 0;
    const hypr_status status = hypr_options_get(get(), key, &value);
    return detail::outcome(status, hypr_options_message(get()), std::move(value));
  }
  /// What the first failed call was; HYPR_OK if none failed. (With exceptions they throw.)
  hypr_status status() const noexcept { return error_.status(); }
  /// What was wrong with it, "" if nothing was.
  const char *message() const noexcept { return error_.what(); }

 private:
#ifndef HYPR_NO_EXCEPTIONS
  struct NoError {
    hypr_status status() const noexcept { return HYPR_OK; }
    const char *what() const noexcept { return ""; }
  };
  NoError error_;
  void keep(hypr_status status, const char *message) { detail::check(status, message); }
#else
  Error error_;
  void keep(hypr_status status, const char *message) {
    if (status != HYPR_OK) error_ = Error(status, message);
  }
#endif
};

/// Bounds and default of an option.
struct Bounds {
  double lower;          ///< The least that is allowed.
  double upper;          ///< The most that is allowed.
  double default_value;  ///< Where neither host nor model file say otherwise.
};

inline Outcome<Bounds> option_bounds(hypr_option key) {
  Bounds bounds{};
  const hypr_status status = hypr_option_bounds(key, &bounds.lower, &bounds.upper, &bounds.default_value);
  return detail::outcome(status, "no such option", std::move(bounds));
}
/// nullptr for an unknown key.
inline const char *option_name(hypr_option key) noexcept { return hypr_option_name(key); }
inline Outcome<hypr_option> option_find(Text name) {
  hypr_option key = 0;
  const hypr_status status = hypr_option_find(name.get(), &key);
  return detail::outcome(status, name.get(), std::move(key));
}

/// What is most likely meant by a name that is none; nullptr: nothing is close.
inline const char *option_suggest(Text name) noexcept { return hypr_option_suggest(name.get()); }
/// Settings to learn with on a device, as text, from the safest to the boldest; nullptr behind the last one.
inline const char *adaptation_profile(std::size_t index) noexcept { return hypr_adaptation_profile(index); }

// ----------------------------------------------------------------------------------------------------------------- sessions

/// What a session is taught at once; as hypr_batch. Of labels, sequence_labels and values one is given.
struct Batch {
  span<const float> inputs;                   ///< [sum of steps][input size]
  span<const std::size_t> steps;              ///< [sequences]
  span<const std::int32_t> labels{};          ///< [sum of steps]; negative: no target
  span<const std::int32_t> sequence_labels{};  ///< [sequences]; negative: no target
  span<const float> values{};                 ///< [sum of steps][output size]
  span<const float> weights{};                ///< [sequences] with sequence_labels, otherwise [sum of steps]; nothing: 1
};

/// What of its parameters a session gives away, and how: HYPR_UPDATE_SETTINGS to start from.
inline hypr_update_settings update_settings() noexcept { return HYPR_UPDATE_SETTINGS; }

/// A network that runs one stream, and learns from it. One thread at a time.
class Session : public detail::Owner<hypr_session, hypr_session_free> {
 public:
  /// Without a handle.
  Session() noexcept = default;
  /// Takes a handle of hypr.h over, and frees it.
  explicit Session(hypr_session *handle) noexcept : Owner(handle) {}
#ifndef HYPR_NO_EXCEPTIONS
  /// As create.
  explicit Session(const Model &model) : Session(create(model)) {}
  /// As create.
  Session(const Model &model, const Options &options) : Session(create(model, options)) {}
#endif

  /// hypr_session_create with the defaults: it does not learn.
  static Outcome<Session> create(const Model &model) { return created(model, nullptr); }
  /// hypr_session_create.
  static Outcome<Session> create(const Model &model, const Options &options) {
    if (options.status() != HYPR_OK) return detail::outcome(options.status(), options.message(), Session());
    return created(model, options.get());
  }
  /// In the caller's memory, which must outlive the session.
  static Outcome<Session> create_in(const Model &model, const Options &options, void *memory, std::size_t bytes) {
    if (options.status() != HYPR_OK) return detail::outcome(options.status(), options.message(), Session());
    detail::Message why;
    hypr_session *session = nullptr;
    const hypr_status status =
        hypr_session_create_in(model.get(), options.get(), memory, bytes, &session, why.text, sizeof why.text);
    return detail::outcome(status, why.text, Session(session));
  }
  static Outcome<Memory> memory_size(const Model &model, const Options &options) {
    Memory memory{};
    if (options.status() != HYPR_OK) return detail::outcome(options.status(), options.message(), std::move(memory));
    detail::Message why;
    const hypr_status status =
        hypr_session_memory_size(model.get(), options.get(), &memory.bytes, &memory.alignment, why.text, sizeof why.text);
    return detail::outcome(status, why.text, std::move(memory));
  }

  const char *message() const noexcept { return hypr_session_message(get()); }

  // -- Running

  Outcome<void> step(span<const float> input, span<float> output) {
    return check(hypr_session_step(get(), input.data(), input.size(), output.data(), output.size()));
  }
  Outcome<void> step_spikes(span<const std::uint32_t> indices, span<float> output) {
    return check(hypr_session_step_spikes(get(), indices.data(), indices.size(), output.data(), output.size()));
  }
  /// inputs [steps][input size]; outputs [steps][output size], or nothing.
  Outcome<void> run(span<const float> inputs, std::size_t steps, float *outputs = nullptr) {
    return check(hypr_session_run(get(), inputs.data(), steps, outputs));
  }
  Outcome<void> look_ahead(span<const float> input, span<float> output) {
    return check(hypr_session_look_ahead(get(), input.data(), input.size(), output.data(), output.size()));
  }
  Outcome<void> reset() { return check(hypr_session_reset(get())); }
  Outcome<void> reset_parts(std::uint32_t parts) { return check(hypr_session_reset_parts(get(), parts)); }
  Outcome<void> reset_layer(std::size_t layer) { return check(hypr_session_reset_layer(get(), layer)); }
  Outcome<double> get_option(hypr_option key) const {
    double value = 0;
    const hypr_status status = hypr_session_get_option(get(), key, &value);
    return outcome(status, std::move(value));
  }

  // -- Targets

  Outcome<void> teach_class(std::uint32_t label) { return check(hypr_session_teach_class(get(), label)); }
  Outcome<void> teach_class_at(std::size_t steps_ago, std::uint32_t label) {
    return check(hypr_session_teach_class_at(get(), steps_ago, label));
  }
  Outcome<void> teach_sequence(std::uint32_t label) { return check(hypr_session_teach_sequence(get(), label)); }
  Outcome<void> set_class_weights(span<const float> weights) {
    return check(hypr_session_set_class_weights(get(), weights.data(), weights.size()));
  }
  Outcome<void> teach_values(span<const float> target) {
    return check(hypr_session_teach_values(get(), target.data(), target.size()));
  }
  Outcome<void> teach_values_at(std::size_t steps_ago, span<const float> target) {
    return check(hypr_session_teach_values_at(get(), steps_ago, target.data(), target.size()));
  }
  Outcome<void> teach_error(span<const float> dloss_doutput) {
    return check(hypr_session_teach_error(get(), dloss_doutput.data(), dloss_doutput.size()));
  }
  Outcome<void> teach_error_at(std::size_t steps_ago, span<const float> dloss_doutput) {
    return check(hypr_session_teach_error_at(get(), steps_ago, dloss_doutput.data(), dloss_doutput.size()));
  }

  // -- Whole sequences, updates

  /// outputs [sum of steps][output size], or nothing. Returns the mean loss.
  Outcome<double> learn(const Batch &batch, float *outputs = nullptr) {
    auto given = detail::sized<hypr_batch>();
    given.inputs = batch.inputs.data();
    given.steps = batch.steps.data();
    given.sequences = batch.steps.size();
    given.labels = batch.labels.data();
    given.sequence_labels = batch.sequence_labels.data();
    given.values = batch.values.data();
    given.weights = batch.weights.data();
    double loss = 0;
    const hypr_status status = hypr_session_learn(get(), &given, outputs, &loss);
    return outcome(status, std::move(loss));
  }
  /// A label per step of one sequence.
  Outcome<double> learn_sequence(span<const float> inputs, span<const std::int32_t> labels, float *outputs = nullptr) {
    double loss = 0;
    const hypr_status status =
        hypr_session_learn_sequence(get(), inputs.data(), labels.size(), labels.data(), outputs, &loss);
    return outcome(status, std::move(loss));
  }
  /// A label per step of several sequences.
  Outcome<double> learn_batch(span<const float> inputs, span<const std::size_t> steps, span<const std::int32_t> labels,
                              float *outputs = nullptr) {
    double loss = 0;
    const hypr_status status =
        hypr_session_learn_batch(get(), inputs.data(), steps.data(), steps.size(), labels.data(), outputs, &loss);
    return outcome(status, std::move(loss));
  }
  /// A label per sequence.
  Outcome<double> learn_labelled(span<const float> inputs, span<const std::size_t> steps, span<const std::int32_t> sequence_labels,
                                 float *outputs = nullptr) {
    double loss = 0;
    const hypr_status status =
        hypr_session_learn_labelled(get(), inputs.data(), steps.data(), steps.size(), sequence_labels.data(), outputs, &loss);
    return outcome(status, std::move(loss));
  }
  Outcome<void> flush() { return check(hypr_session_flush(get())); }
  Outcome<void> apply() { return check(hypr_session_apply(get())); }
  /// With deferred learning; returns about how many multiply-adds are left.
  Outcome<std::uint64_t> work(std::uint64_t budget) {
    std::uint64_t left = 0;
    const hypr_status status = hypr_session_work(get(), budget, &left);
    return outcome(status, std::move(left));
  }

  // -- Rehearsal, the reference network

  Outcome<hypr_rehearsal> rehearsal(std::int32_t label = HYPR_REHEARSAL_ALL) const {
    auto rehearsal = detail::sized<hypr_rehearsal>();
    const hypr_status status = hypr_session_rehearsal(get(), label, &rehearsal);
    return outcome(status, std::move(rehearsal));
  }
  std::size_t rehearsal_count(std::int32_t label = HYPR_REHEARSAL_ALL) const noexcept {
    return hypr_session_rehearsal_count(get(), label);
  }
  Outcome<void> rehearse(std::size_t windows) { return check(hypr_session_rehearse(get(), windows)); }
  Outcome<void> rehearsal_clear() { return check(hypr_session_rehearsal_clear(get())); }
  /// One of labels and values is given, the other nothing.
  Outcome<void> rehearsal_add(span<const float> inputs, std::size_t steps, span<const std::int32_t> labels,
                              span<const float> values, bool starts_sequence) {
    return check(
        hypr_session_rehearsal_add(get(), inputs.data(), steps, labels.data(), values.data(), starts_sequence ? 1 : 0));
  }
  Outcome<hypr_guard> guard() const {
    auto guard = detail::sized<hypr_guard>();
    const hypr_status status = hypr_session_guard(get(), &guard);
    return outcome(status, std::move(guard));
  }
  Outcome<void> accept() { return check(hypr_session_accept(get())); }

  // -- Statistics, memory

  /// `spike_rates` [layer count], or nothing: receives each layer's spikes per neuron and step.
  Outcome<hypr_statistics> statistics(span<float> spike_rates = {}) const {
    auto statistics = detail::sized<hypr_statistics>();
    statistics.spike_rates = spike_rates.data();
    statistics.spike_rate_count = spike_rates.size();
    const hypr_status status = hypr_session_statistics(get(), &statistics);
    return outcome(status, std::move(statistics));
  }
  Outcome<hypr_layer_activity> layer_activity(std::size_t layer) const {
    auto activity = detail::sized<hypr_layer_activity>();
    const hypr_status status = hypr_session_layer_activity(get(), layer, &activity);
    return outcome(status, std::move(activity));
  }
  Outcome<hypr_input_range> input_range(std::size_t channel) const {
    auto range = detail::sized<hypr_input_range>();
    const hypr_status status = hypr_session_input_range(get(), channel, &range);
    return outcome(status, std::move(range));
  }
  /// A sum of HYPR_FINDING_ bits; the words go to `text`, if it is given.
  Outcome<std::uint32_t> diagnose(span<char> text = {}) const {
    std::uint32_t findings = 0;
    const hypr_status status = hypr_session_diagnose(get(), &findings, text.data(), text.size());
    return outcome(status, std::move(findings));
  }
  /// inputs [steps][input size]; values [steps][Model::first_layer_inputs].
  Outcome<void> condition(span<const float> inputs, std::size_t steps, float *values) {
    return check(hypr_session_condition(get(), inputs.data(), steps, values));
  }
  Outcome<void> clear_statistics() { return check(hypr_session_clear_statistics(get())); }
  Outcome<hypr_memory_report> memory_report() const {
    auto report = detail::sized<hypr_memory_report>();
    const hypr_status status = hypr_session_memory_report(get(), &report);
    return outcome(status, std::move(report));
  }

  // -- Saving, transfer

  Outcome<void> save_model(Text path) const { return check(hypr_session_save_model(get(), path.get())); }
  Outcome<std::size_t> model_size() const {
    std::size_t bytes = 0;
    const hypr_status status = hypr_session_model_size(get(), &bytes);
    return outcome(status, std::move(bytes));
  }
  Outcome<void> save_model_buffer(void *buffer, std::size_t size) const {
    return check(hypr_session_save_model_buffer(get(), buffer, size));
  }
  Outcome<std::size_t> state_size() const {
    std::size_t bytes = 0;
    const hypr_status status = hypr_session_state_size(get(), &bytes);
    return outcome(status, std::move(bytes));
  }
  Outcome<void> save_state(void *buffer, std::size_t size) const { return check(hypr_session_save_state(get(), buffer, size)); }
  Outcome<void> load_state(const void *buffer, std::size_t size) { return check(hypr_session_load_state(get(), buffer, size)); }
  /// Bytes of an update with these settings.
  Outcome<std::size_t> update_size(const hypr_update_settings &settings = update_settings()) const {
    std::size_t bytes = 0;
    const hypr_status status = hypr_session_update_size(get(), &settings, &bytes);
    return outcome(status, std::move(bytes));
  }
  Outcome<void> get_update(void *buffer, std::size_t size, const hypr_update_settings &settings = update_settings()) const {
    return check(hypr_session_get_update(get(), &settings, buffer, size));
  }
  Outcome<void> apply_update(const void *buffer, std::size_t size) { return check(hypr_session_apply_update(get(), buffer, size)); }
  Outcome<void> transfer(Session &from) { return check(hypr_session_transfer(get(), from.get())); }

  // -- Long calls

  /// `callback(steps)` returns whether to stop, must not throw, and must stay where it is until set_progress is called again.
  template <class Callback>
  Outcome<void> set_progress(Callback &callback) {
    const hypr_progress progress = [](void *context, std::uint64_t steps) -> std::int32_t {
      return (*static_cast<Callback *>(context))(steps) ? 1 : 0;
    };
    return check(hypr_session_set_progress(get(), progress, &callback));
  }
  /// Nobody is asked any more.
  Outcome<void> set_progress(std::nullptr_t) { return check(hypr_session_set_progress(get(), nullptr, nullptr)); }

  // -- States of layers

  Outcome<void> get_spikes(std::size_t layer, span<float> out) const {
    return check(hypr_session_get_spikes(get(), layer, out.data(), out.size()));
  }
  Outcome<void> set_spikes(std::size_t layer, span<const float> spikes) {
    return check(hypr_session_set_spikes(get(), layer, spikes.data(), spikes.size()));
  }
  std::size_t layer_state_size(std::size_t layer) const noexcept { return hypr_session_layer_state_size(get(), layer); }
  Outcome<void> get_layer_state(std::size_t layer, span<float> out) const {
    return check(hypr_session_get_layer_state(get(), layer, out.data(), out.size()));
  }
  Outcome<void> set_layer_state(std::size_t layer, span<const float> state) {
    return check(hypr_session_set_layer_state(get(), layer, state.data(), state.size()));
  }

  // -- Tensors

  std::size_t tensor_count() const noexcept { return hypr_session_tensor_count(get()); }
  Outcome<hypr_tensor_info> tensor_info(std::size_t index) const {
    auto info = detail::sized<hypr_tensor_info>();
    const hypr_status status = hypr_session_tensor_info(get(), index, &info);
    return outcome(status, std::move(info));
  }
  Outcome<std::size_t> find_tensor(Text name) const {
    std::size_t index = 0;
    const hypr_status status = hypr_session_find_tensor(get(), name.get(), &index);
    return outcome(status, std::move(index));
  }
  Outcome<void> set_trainable(std::size_t index, bool trainable) {
    return check(hypr_session_set_trainable(get(), index, trainable ? 1 : 0));
  }
  Outcome<void> get_parameters(span<float> flat) const {
    return check(hypr_session_get_parameters(get(), flat.data(), flat.size()));
  }
  Outcome<void> set_parameters(span<const float> flat) {
    return check(hypr_session_set_parameters(get(), flat.data(), flat.size()));
  }
  Outcome<void> copy_parameters(const Session &from) { return check(hypr_session_copy_parameters(get(), from.get())); }
  Outcome<void> get_gradients(span<float> flat) const {
    return check(hypr_session_get_gradients(get(), flat.data(), flat.size()));
  }
  std::size_t eligibility_size(std::size_t index) const noexcept { return hypr_session_eligibility_size(get(), index); }
  Outcome<void> get_eligibility(std::size_t index, span<float> out) const {
    return check(hypr_session_get_eligibility(get(), index, out.data(), out.size()));
  }

 private:
  static Outcome<Session> created(const Model &model, const hypr_options *options) {
    detail::Message why;
    hypr_session *session = nullptr;
    const hypr_status status = hypr_session_create(model.get(), options, &session, why.text, sizeof why.text);
    return detail::outcome(status, why.text, Session(session));
  }
  // The message is looked up only where there is one.
  Outcome<void> check(hypr_status status) const {
    return detail::check(status, status == HYPR_OK ? "" : hypr_session_message(get()));
  }
  template <class T>
  Outcome<T> outcome(hypr_status status, T &&value) const {
    return detail::outcome(status, status == HYPR_OK ? "" : hypr_session_message(get()), std::forward<T>(value));
  }
};

// ------------------------------------------------------------------------------------------------------------ neuron models

inline std::size_t neuron_count() noexcept { return hypr_neuron_count(); }
inline Outcome<hypr_neuron> neuron_info(std::size_t index) {
  auto neuron = detail::sized<hypr_neuron>();
  const hypr_status status = hypr_neuron_info(index, &neuron);
  return detail::outcome(status, "no such neuron model", std::move(neuron));
}
inline Outcome<std::size_t> neuron_find(Text name) {
  std::size_t index = 0;
  const hypr_status status = hypr_neuron_find(name.get(), &index);
  return detail::outcome(status, name.get(), std::move(index));
}
/// nullptr: no such model or variable.
inline const char *neuron_state(std::size_t neuron, std::size_t index) noexcept { return hypr_neuron_state(neuron, index); }
inline Outcome<hypr_quantity> neuron_parameter(std::size_t neuron, std::size_t index) {
  auto quantity = detail::sized<hypr_quantity>();
  const hypr_status status = hypr_neuron_parameter(neuron, index, &quantity);
  return detail::outcome(status, "no such parameter", std::move(quantity));
}
inline Outcome<hypr_quantity> neuron_constant(std::size_t neuron, std::size_t index) {
  auto quantity = detail::sized<hypr_quantity>();
  const hypr_status status = hypr_neuron_constant(neuron, index, &quantity);
  return detail::outcome(status, "no such constant", std::move(quantity));
}

// ---------------------------------------------------------------------------------------------------------- building models

/// A layer but for its neuron model and its size: HYPR_LAYER_SETTINGS to start from.
inline hypr_layer_settings layer_settings() noexcept { return HYPR_LAYER_SETTINGS; }

/// Is told a network, from the input up, and makes a .hypr file of it. One thread at a time.
class Builder : public detail::Owner<hypr_builder, hypr_builder_free> {
 public:
  /// Without a handle.
  Builder() noexcept = default;
  /// Takes a handle of hypr.h over, and frees it.
  explicit Builder(hypr_builder *handle) noexcept : Owner(handle) {}
#ifndef HYPR_NO_EXCEPTIONS
  /// As create.
  explicit Builder(std::size_t inputs) : Builder(create(inputs)) {}
  /// As create_from.
  explicit Builder(const Model &model) : Builder(create_from(model)) {}
#endif

  static Outcome<Builder> create(std::size_t inputs) {
    detail::Message why;
    hypr_builder *builder = nullptr;
    const hypr_status status = hypr_builder_create(inputs, &builder, why.text, sizeof why.text);
    return detail::outcome(status, why.text, Builder(builder));
  }
  static Outcome<Builder> create_from(const Model &model) {
    detail::Message why;
    hypr_builder *builder = nullptr;
    const hypr_status status = hypr_builder_create_from(model.get(), &builder, why.text, sizeof why.text);
    return detail::outcome(status, why.text, Builder(builder));
  }

  /// A network that suits a recording. Why, a line each, goes to `reasons`, if it is given.
  static Outcome<Builder> create_suggested(hypr_recording recording, span<char> reasons = {}) {
    detail::Message why;
    hypr_builder *builder = nullptr;
    recording.struct_size = sizeof recording;
    const hypr_status status =
        hypr_builder_create_suggested(&recording, &builder, reasons.data(), reasons.size(), why.text, sizeof why.text);
    return detail::outcome(status, why.text, Builder(builder));
  }

  const char *message() const noexcept { return hypr_builder_message(get()); }

  Outcome<void> set_name(Text name) { return check(hypr_builder_set_name(get(), name.get())); }
  Outcome<void> set_time_step(float seconds) { return check(hypr_builder_set_time_step(get(), seconds)); }
  Outcome<void> set_input_scale(span<const float> scale) {
    return check(hypr_builder_set_input_scale(get(), scale.data(), scale.size()));
  }
  Outcome<void> set_input_offset(span<const float> offset) {
    return check(hypr_builder_set_input_offset(get(), offset.data(), offset.size()));
  }
  Outcome<void> set_input_names(span<const char *const> names) {
    return check(hypr_builder_set_input_names(get(), names.data(), names.size()));
  }
  Outcome<void> set_level_crossing(span<const float> thresholds, std::int32_t output) {
    return check(hypr_builder_set_level_crossing(get(), thresholds.data(), thresholds.size(), output));
  }
  Outcome<void> set_encoding(const hypr_encoding &encoding) { return check(hypr_builder_set_encoding(get(), &encoding)); }
  Outcome<void> add_conditioning(const hypr_conditioning &stage) { return check(hypr_builder_add_conditioning(get(), &stage)); }
  Outcome<void> clear_conditioning() { return check(hypr_builder_clear_conditioning(get())); }
  /// [inputs] each, or nothing: unknown.
  Outcome<void> set_trained_range(span<const float> lower, span<const float> upper) {
    if (lower.size() != upper.size()) return detail::check(HYPR_ERROR_SIZE_MISMATCH, "lower and upper are not of one size");
    return check(hypr_builder_set_trained_range(get(), lower.data(), upper.data(), lower.size()));
  }
  /// inputs [sum of steps][inputs], steps [sequences].
  Outcome<void> fit_input(span<const float> inputs, span<const std::size_t> steps) {
    return check(hypr_builder_fit_input(get(), inputs.data(), steps.data(), steps.size()));
  }
  Outcome<void> widen_trained_range(span<const float> inputs, span<const std::size_t> steps) {
    return check(hypr_builder_widen_trained_range(get(), inputs.data(), steps.data(), steps.size()));
  }
  /// hypr_builder_calibrate. inputs [sum of steps][inputs], steps [sequences].
  Outcome<void> calibrate(span<const float> inputs, span<const std::size_t> steps, double rate = 0.05, std::uint64_t seed = 0,
                          bool given = false) {
    return check(hypr_builder_calibrate(get(), inputs.data(), steps.data(), steps.size(), rate, seed, given ? 1 : 0));
  }
  Outcome<void> add_layer(Text neuron, std::size_t size, const hypr_layer_settings &settings = layer_settings()) {
    return check(hypr_builder_add_layer(get(), neuron.get(), size, &settings));
  }
  Outcome<void> set_readout(std::size_t outputs, std::int32_t bias = -1, double tau = 0) {
    return check(hypr_builder_set_readout(get(), outputs, bias, tau));
  }
  Outcome<void> remove_top() { return check(hypr_builder_remove_top(get())); }
  Outcome<void> set_constant(Text name, float value) { return check(hypr_builder_set_constant(get(), name.get(), value)); }
  Outcome<void> set_tensor(Text name, span<const float> values) {
    return check(hypr_builder_set_tensor(get(), name.get(), values.data(), values.size()));
  }
  Outcome<void> draw_tensor(Text name, double low, double high) {
    return check(hypr_builder_draw_tensor(get(), name.get(), low, high));
  }
  Outcome<void> set_tensor_rows(Text name, span<const std::uint32_t> row_offsets, span<const std::uint32_t> column_indices) {
    return check(hypr_builder_set_tensor_rows(get(), name.get(), row_offsets.data(), row_offsets.size(), column_indices.data(),
                                              column_indices.size()));
  }
  Outcome<void> set_trainable(Text name, bool trainable) {
    return check(hypr_builder_set_trainable(get(), name.get(), trainable ? 1 : 0));
  }
  Outcome<void> set_element_type(Text name, std::int32_t element_type) {
    return check(hypr_builder_set_element_type(get(), name.get(), element_type));
  }
  /* Of all weights. */
  Outcome<void> set_element_type(std::int32_t element_type) {
    return check(hypr_builder_set_element_type(get(), nullptr, element_type));
  }
  std::size_t tensor_count() const noexcept { return hypr_builder_tensor_count(get()); }
  Outcome<hypr_tensor_info> tensor_info(std::size_t index) const {
    auto info = detail::sized<hypr_tensor_info>();
    const hypr_status status = hypr_builder_tensor_info(get(), index, &info);
    return outcome(status, std::move(info));
  }
  Outcome<void> get_tensor(Text name, span<float> values) const {
    return check(hypr_builder_get_tensor(get(), name.get(), values.data(), values.size()));
  }
  Outcome<void> set_class_labels(span<const char *const> labels) {
    return check(hypr_builder_set_class_labels(get(), labels.data(), labels.size()));
  }
  Outcome<void> recommend(hypr_option key, double value) { return check(hypr_builder_recommend(get(), key, value)); }
  Outcome<void> set_metadata(Text key, Text value) { return check(hypr_builder_set_metadata(get(), key.get(), value.get())); }
  /// One of labels and values is given, the other nothing.
  Outcome<void> add_exemplar(span<const float> inputs, std::size_t steps, span<const std::int32_t> labels,
                             span<const float> values, bool starts_sequence) {
    return check(
        hypr_builder_add_exemplar(get(), inputs.data(), steps, labels.data(), values.data(), starts_sequence ? 1 : 0));
  }
  Outcome<void> keep_exemplars(std::size_t bytes, std::uint64_t seed) {
    return check(hypr_builder_keep_exemplars(get(), bytes, seed));
  }
  Outcome<void> clear_exemplars() { return check(hypr_builder_clear_exemplars(get())); }

  /// The size of the file.
  Outcome<std::size_t> build(std::uint64_t seed) {
    std::size_t bytes = 0;
    const hypr_status status = hypr_builder_build(get(), seed, &bytes);
    return outcome(status, std::move(bytes));
  }
  Outcome<void> copy_file(void *buffer, std::size_t size) const {
    return check(hypr_builder_copy_file(get(), buffer, size));
  }
  Outcome<void> save_file(Text path) const { return check(hypr_builder_save_file(get(), path.get())); }

 private:
  Outcome<void> check(hypr_status status) const {
    return detail::check(status, status == HYPR_OK ? "" : hypr_builder_message(get()));
  }
  template <class T>
  Outcome<T> outcome(hypr_status status, T &&value) const {
    return detail::outcome(status, status == HYPR_OK ? "" : hypr_builder_message(get()), std::forward<T>(value));
  }
};

}  // namespace hypr

#endif
