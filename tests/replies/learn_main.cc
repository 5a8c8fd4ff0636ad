// Writes config/reason_words.tsv anew, from the labelled replies of this folder and the samples of
// the shipped rules:  build/dev/tests/replies/learn_reason_words > config/reason_words.tsv
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "config/reason_rules.h"
#include "tests/replies/labelled.h"

namespace {

void append(std::vector<rastro::LabelledReply>& to, std::vector<rastro::LabelledReply> more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

int main() {
  const auto rules = rastro::load_reason_rules(RASTRO_SOURCE_DIR "/config/reasons.yaml");
  if (!rules) {
    std::cerr << rules.error().message << '\n';
    return 1;
  }
  auto replies = rastro::labelled_samples(*rules);
  std::vector<std::string> files;
  for (const auto& file : std::filesystem::directory_iterator(RASTRO_SOURCE_DIR "/tests/replies")) {
    if (file.path().extension() == ".tsv") files.push_back(file.path().string());
  }
  std::ranges::sort(files);
  for (const auto& file : files) append(replies, rastro::labelled_replies(file));
  std::cout << "# Points of words for reasons (parsers/reason_words.h). Written by "
               "learn_reason_words from\n"
               "# tests/replies/*.tsv and the samples of reasons.yaml: do not edit, label replies "
               "instead.\n"
            << rastro::learn_words(replies);
  return 0;
}
