// What must hold of every model that loads, whoever made it.
#pragma once

#include <hypr.h>

#include <cstdint>
#include <vector>

#include "attack.hpp"

namespace fuzz {

/// Whether a status is one of those that hypr.h names.
bool is_known(hypr_status status);

/// A call that makes an object: the object and no text, or none and a text that ends in its buffer.
void check_made(hypr_status status, const void *object, const char *message, size_t size);

/// Random learning options, with a window that is short enough for small tests.
hypr_options *draw_options(Random &random, bool learns);

/// `steps` steps of random samples, with targets if `learns`; false if the library refused to go on (NOT_FINITE). Outputs are
/// finite or the call failed.
bool drive(hypr_session *session, const hypr_model *model, Random &random, size_t steps, bool learns);

/// Loads the bytes, which end at a guard page, and if they load runs, learns, saves, loads again and compares: the saved file
/// is what the session has become, in every fact and to the bit of its outputs, but for rounded weights. Returns whether they load.
bool check_file(const std::vector<uint8_t> &bytes, Random &random);

/// The state of a session.
std::vector<uint8_t> state_of(const hypr_session *session);

/// A session's model file; false: a weight is larger than the type in which the file stores it, and saving says so.
bool save(const hypr_session *session, const hypr_model *model, std::vector<uint8_t> &file);

/// A session's model file, which can be saved.
std::vector<uint8_t> saved(const hypr_session *session);

}  // namespace fuzz
