// The objects that a sequence of calls lives among, and arguments for these calls: mostly right, some wrong, some absurd.
#pragma once

#include <hypr.h>

#include <memory>
#include <string>
#include <vector>

#include "check.hpp"
#include "guarded.hpp"

namespace fuzz {

struct SessionOf {
  hypr_session *handle;
  /// Of its model, which may be gone.
  size_t inputs, outputs, layers, parameters, columns;
  bool learns;
  /// That it was made in, if it was made in the host's.
  std::shared_ptr<Guarded<uint8_t>> memory;
};

/// What a host's callback knows in a long call.
struct Asked {
  hypr_session *session;
  int32_t stops;
};

struct BuilderOf {
  hypr_builder *handle;
  size_t inputs;
};

class World {
 public:
  Random &random;
  std::vector<hypr_model *> models;
  std::vector<hypr_options *> options;
  std::vector<SessionOf> sessions;
  std::vector<BuilderOf> builders;
  /// States that were saved, of any session.
  std::vector<std::vector<uint8_t>> states;
  /// Updates that were written, by any session.
  std::vector<std::vector<uint8_t>> updates;
  /// What the callbacks of sessions are given, for as long as these may live.
  std::vector<std::unique_ptr<Asked>> asked;

  World(Random &random, Tally &tally);
  ~World();

  // ---- Objects; NULL now and then

  hypr_model *model() { return random.once_in(40) || models.empty() ? nullptr : models[random.below(models.size())]; }
  hypr_options *an_options() { return random.once_in(10) || options.empty() ? nullptr : options[random.below(options.size())]; }
  const SessionOf &session();
  const BuilderOf &builder();
  void add_session(hypr_session *handle, const hypr_model *model, std::shared_ptr<Guarded<uint8_t>> memory = nullptr);

  // ---- Arguments

  /// The right number, or another one.
  size_t number(size_t right) { return random.once_in(20) ? wrong(right) : right; }
  size_t wrong(size_t right);
  /// An index below `count`, or just behind it, or anything.
  size_t index(size_t count) { return random.once_in(8) ? wrong(count) : random.below(count); }
  /// NULL now and then.
  template <typename T>
  T *perhaps(T *pointer) {
    return random.once_in(40) ? nullptr : pointer;
  }
  /// Samples; some arrays have what is not finite, or huge.
  void fill(Guarded<float> &values, float size = 1);
  const char *name(const std::vector<const char *> &right);
  /// A struct_size: mostly right.
  size_t struct_size(size_t right) { return random.once_in(12) ? random.below(right + 40) : right; }

  // ---- Calls

  /// A call that may be refused; `made` says whether it makes an object and tells why not in a text of its own.
  hypr_status count(hypr_status status);

  /// A call on a session. What is refused has a message and changes nothing; nor does what only asks (`asks`). `moves` tells of a
  /// refused call whether it may have gone a part of the way.
  template <typename Call, typename Moves>
  void on(const SessionOf &session, bool asks, Moves moves, Call call) {
    const bool looks = session.handle && random.once_in(4);
    const std::vector<uint8_t> before = looks ? state_of(session.handle) : std::vector<uint8_t>();
    const hypr_status status = count(call(session.handle));
    if (!session.handle) return require(status == HYPR_ERROR_INVALID_ARGUMENT, "a call on NULL: %s", hypr_status_name(status));
    if (status != HYPR_OK) check_message(hypr_session_message(session.handle));
    if (looks && (asks || (status != HYPR_OK && !moves(status)))) {
      require(state_of(session.handle) == before, "a call that %s changed the session: %s",
              status == HYPR_OK ? "only asks" : "was refused", hypr_session_message(session.handle));
    }
  }
  template <typename Call>
  void change(const SessionOf &session, Call call) {
    on(session, false, [](hypr_status) { return false; }, call);
  }
  template <typename Call>
  void ask(const SessionOf &session, Call call) {
    on(session, true, [](hypr_status) { return false; }, call);
  }

  /// A call on a builder.
  template <typename Call>
  hypr_status build(const BuilderOf &builder, Call call) {
    const hypr_status status = count(call(builder.handle));
    if (!builder.handle)
      require(status == HYPR_ERROR_INVALID_ARGUMENT, "a call on NULL: %s", hypr_status_name(status));
    else if (status != HYPR_OK)
      check_message(hypr_builder_message(builder.handle));
    return status;
  }

  static void check_message(const char *message);

 private:
  Tally &tally_;
};

/// A struct that says its own size, which need not be the right one; it lies in so many bytes and no more.
template <typename T>
class Sized {
 public:
  explicit Sized(World &w) : size_(w.struct_size(sizeof(T))), bytes_(size_ < sizeof(size_t) ? sizeof(size_t) : size_, alignof(T)) {
    memset(bytes_.get(), 0, bytes_.size());
    memcpy(bytes_.get(), &size_, sizeof size_);
    if (size_ > sizeof(T) && w.random.once_in(2)) bytes_[bytes_.size() - 1] = 1;
  }
  T *get() const { return reinterpret_cast<T *>(bytes_.get()); }

  /// Takes the members over as far as they go.
  void set(T value) const {
    value.struct_size = size_;
    memcpy(bytes_.get(), &value, size_ < sizeof(T) ? bytes_.size() < sizeof(T) ? bytes_.size() : sizeof(T) : sizeof(T));
  }

 private:
  const size_t size_;
  const Guarded<uint8_t> bytes_;
};

/// What the processor does with numbers, which belongs to the host: rounding, exceptions, subnormals.
uint32_t float_control();
void set_float_control(uint32_t control);
/// One that hosts may have.
uint32_t draw_float_control(Random &random);

/// One call of each function of the header.
#define HYPR_FUNCTION(name) void call_##name(World &w);
#include "functions.inc"
#undef HYPR_FUNCTION

}  // namespace fuzz
