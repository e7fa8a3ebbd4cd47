// A host that is built without exceptions and RTTI: no_exceptions MODEL
#include <hypr.h>

#include <cstdio>

int main(int, char **arguments) {
  hypr_model *model = nullptr;
  hypr_session *session = nullptr;
  float output[6];
  const float input[4] = {1, 0, 0, 0};
  hypr_status status = hypr_model_load(arguments[1], &model, nullptr, 0);
  if (status == HYPR_OK) status = hypr_session_create(model, nullptr, &session, nullptr, 0);
  if (status == HYPR_OK) status = hypr_session_step(session, input, 4, output, 6);
  hypr_session_free(session);
  hypr_model_free(model);
  std::puts(hypr_status_name(status));
  return status == HYPR_OK ? 0 : 1;
}
