#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/json_fields.h"
#include "cli/render.h"
#include "cli/times.h"

// Answers of the API as they are shown, in both languages and two widths. golden/NAME.json is the
// answer ("captured" from rastrod, or "derived" from its code, the file says which), "as" what it
// is, and "now" when it is read. RASTRO_GOLDEN=write writes what stands beside it.
namespace rastro::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

std::string read(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

fs::path directory() { return fs::path(RASTRO_SOURCE_DIR) / "tests/cli/golden"; }

std::vector<std::string> golden_names() {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(directory())) {
    if (entry.path().extension() == ".json") out.push_back(entry.path().stem().string());
  }
  std::ranges::sort(out);
  return out;
}

std::string rendered(const std::string& as, const json::object& answer, const View& view) {
  if (as == "list") return render_list(answer, view);
  if (as == "problems") return render_problems(answer, view);
  if (as == "journey") return render_journey(answer, view, {});
  if (as == "explain") return render_explained(answer, view);
  if (as == "reply") return render_replies(answer, view);
  if (as == "followed") return render_followed(answer, view);
  if (as == "summary") return render_summary(answer, view);
  if (as == "coverage") return render_coverage_page(answer, view);
  if (as == "status") return render_status(answer, view, true);
  ADD_FAILURE() << "nothing is rendered as " << as;
  return "";
}

class Golden : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { ASSERT_TRUE(use_zone("Europe/Madrid")); }
};

TEST_P(Golden, LooksTheSame) {
  const auto file = json::parse(read(directory() / (GetParam() + ".json"))).as_object();
  for (const auto language : {Language::en, Language::es}) {
    for (const std::size_t width : {80, 120}) {
      const View view{{.width = width}, language, *parse_api_time(text_of(file, "now"))};
      const auto text = rendered(text_of(file, "as"), object_of(file, "answer"), view);
      const auto path = directory() / (GetParam() + "." + std::string(language_name(language)) +
                                       "." + std::to_string(width) + ".txt");
      if (std::getenv("RASTRO_GOLDEN") != nullptr) std::ofstream(path) << text;
      EXPECT_EQ(text, read(path)) << path;
      std::istringstream lines(text);
      for (std::string line; std::getline(lines, line);) {
        if (line == view.say(Text::show_log_lines)) break;  // those alone are shown as they are
        EXPECT_LE(columns_of(line), width) << line;
      }
    }
  }
}

// What strangers wrote reaches the terminal spelled out, whatever part of an answer it stands in.
TEST_P(Golden, NothingGetsOutThatATerminalObeys) {
  const auto file = json::parse(read(directory() / (GetParam() + ".json"))).as_object();
  const View view{{.width = 80}, Language::es, *parse_api_time(text_of(file, "now"))};
  auto poisoned = json::serialize(object_of(file, "answer"));
  // Every string of the answer gets a title sequence, a C1 and an override in front of its end.
  std::string out;
  bool inside = false;
  bool is_name = true;
  for (std::size_t i = 0; i < poisoned.size(); ++i) {
    if (inside && poisoned[i] == '\\') {
      out += poisoned[i++];
    } else if (poisoned[i] == '"') {
      inside = !inside;
      is_name = inside ? is_name : poisoned.compare(i, 2, "\":") == 0;
      if (!inside && !is_name) out += "\\u001b]0;x\\u0007\\u009b31m\\u202e\\u200b";
    }
    out += poisoned[i];
  }
  const auto text = rendered(text_of(file, "as"), json::parse(out).as_object(), view);
  for (std::string_view rest = text; !rest.empty();) {
    const auto [point, size] = decode_utf8(rest);
    ASSERT_GT(size, 0U);
    ASSERT_TRUE(point == '\n' || !is_unsafe_to_print(point)) << std::hex << unsigned{point};
    rest.remove_prefix(size);
  }
}

INSTANTIATE_TEST_SUITE_P(, Golden, testing::ValuesIn(golden_names()),
                         [](const auto& tested) { return tested.param; });

}  // namespace
}  // namespace rastro::cli
