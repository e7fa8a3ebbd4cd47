// hypr.h as a C++ host would wrap it: handles that free themselves, statuses that throw.
#pragma once

#include <hypr.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

struct Error : std::runtime_error {
  Error(hypr_status status, const std::string &message)
      : std::runtime_error(std::string(hypr_status_name(status)) + ": " + message), status(status) {}

  hypr_status status;
};

template <auto free>
struct Free {
  template <class Handle>
  void operator()(Handle *handle) const {
    free(handle);
  }
};

class Model {
 public:
  explicit Model(const std::string &path) {
    hypr_model *model = nullptr;
    char message[256];
    hypr_status status = hypr_model_load(path.c_str(), &model, message, sizeof message);
    if (status != HYPR_OK) throw Error(status, message);
    handle_.reset(model);
  }

  const hypr_model *get() const { return handle_.get(); }
  std::size_t input_size() const { return hypr_model_input_size(get()); }
  std::size_t output_size() const { return hypr_model_output_size(get()); }
  std::size_t parameter_count() const { return hypr_model_parameter_count(get()); }

 private:
  std::unique_ptr<hypr_model, Free<hypr_model_free>> handle_;
};

class Session {
 public:
  using Settings = std::vector<std::pair<hypr_option, double>>;

  explicit Session(const Model &model, const Settings &settings = {})
      : outputs_(model.output_size()), parameters_(model.parameter_count()) {
    hypr_options *created = nullptr;
    char message[256];
    if (hypr_status status = hypr_options_create(&created, message, sizeof message)) throw Error(status, message);
    std::unique_ptr<hypr_options, Free<hypr_options_free>> options(created);
    for (auto [key, value] : settings) {
      if (hypr_status status = hypr_options_set(created, key, value)) throw Error(status, hypr_options_message(created));
    }
    hypr_session *session = nullptr;
    hypr_status status = hypr_session_create(model.get(), created, &session, message, sizeof message);
    if (status != HYPR_OK) throw Error(status, message);
    handle_.reset(session);
  }

  std::vector<float> step(const std::vector<float> &input) {
    std::vector<float> output(outputs_);
    check(hypr_session_step(get(), input.data(), input.size(), output.data(), output.size()));
    return output;
  }

  double learn(const std::vector<float> &inputs, const std::vector<std::int32_t> &labels) {
    double loss = 0;
    check(hypr_session_learn_sequence(get(), inputs.data(), labels.size(), labels.data(), nullptr, &loss));
    return loss;
  }

  std::vector<float> parameters() const {
    std::vector<float> flat(parameters_);
    check(hypr_session_get_parameters(get(), flat.data(), flat.size()));
    return flat;
  }

  void check(hypr_status status) const {
    if (status != HYPR_OK) throw Error(status, hypr_session_message(get()));
  }

  hypr_session *get() const { return handle_.get(); }

 private:
  std::size_t outputs_, parameters_;
  std::unique_ptr<hypr_session, Free<hypr_session_free>> handle_;
};
