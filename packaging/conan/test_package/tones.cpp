// Two tones take turns, and a network learns which is which: the package has headers and a library that learns.
#include <hypr.hpp>

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <vector>

int main() try {
  const float scale[] = {5};
  hypr::Builder builder(1);
  builder.set_input_scale(scale);
  builder.add_layer("se_adlif", 16);
  builder.set_readout(2, 1, 0);
  std::vector<std::byte> file(builder.build(0));
  builder.copy_file(file.data(), file.size());
  const hypr::Model model = hypr::Model::load_buffer(file.data(), file.size());
  hypr::Session session(model, hypr::Options().set(HYPR_OPTION_LEARNING, 1).set("learning_rate", 0.01));
  for (int t = 1; t <= 50000; t++) {
    const std::uint32_t slow = t / 500 % 2;
    const float input[] = {std::sin((slow ? 0.1f : 0.2f) * static_cast<float>(t))};
    float output[2];
    session.step(input, output);
    session.teach_class(slow);
    if (t == 40000) session.clear_statistics();
  }
  const hypr_statistics score = session.statistics();
  const double accuracy = static_cast<double>(score.correct_steps) / static_cast<double>(score.taught_steps);
  std::printf("hypr %s: accuracy of the last 10000 steps %.1f %%\n", hypr::version_string(), 100 * accuracy);
  return accuracy < 0.9;
} catch (const hypr::Error &error) {
  std::puts(error.what());
  return 1;
}
