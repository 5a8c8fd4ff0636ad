// Every *.cases file below this folder: one test a case, by its name.
#include "tests/support/line_cases.h"

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "parsers/registry.h"
#include "parsers/scan.h"

namespace rastro {
namespace {

struct Named {
  std::string file;
  LineCase one;
};

std::vector<Named> all_cases() {
  const char* golden = std::getenv("RASTRO_GOLDEN");
  const bool rewrite = golden != nullptr && std::string(golden) == "write";
  std::vector<Named> out;
  const std::filesystem::path here = RASTRO_SOURCE_DIR "/tests/parsers";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(here)) {
    if (entry.path().extension() != ".cases") continue;
    if (rewrite) rewrite_line_cases(entry.path());
    for (auto& one : read_line_cases(entry.path())) {
      out.push_back({entry.path().stem().string(), std::move(one)});
    }
  }
  return out;
}

class LineCases : public testing::TestWithParam<Named> {};

TEST_P(LineCases, SayWhatTheLineSays) {
  EXPECT_EQ(run_line_case(GetParam().one), GetParam().one.expected) << GetParam().one.text;
}

INSTANTIATE_TEST_SUITE_P(All, LineCases, testing::ValuesIn(all_cases()), [](const auto& tested) {
  std::string name = tested.param.file + "_" + tested.param.one.name;
  for (auto& byte : name) {
    if (std::isalnum(static_cast<unsigned char>(byte)) == 0) byte = '_';
  }
  return name;
});

// What is none of the program's, or ignored, has no event.
TEST(LineCases, SayNothingOfWhatIsNotTheirs) {
  for (const auto& [file, one] : all_cases()) {
    const auto said = run_line_case(one);
    for (const std::string kind : {"unrecognised", "foreign", "known.ignored"}) {
      EXPECT_TRUE(!said.starts_with(kind) || said == kind) << said << ": " << one.text;
    }
  }
}

// Cut anywhere, or with a control byte anywhere: no crash (the sanitizers watch), and never more
// than one of the known kinds.
TEST(LineCases, AreReadSafelyWhenCutOrDamaged) {
  for (const auto& [file, one] : all_cases()) {
    for (std::size_t at = 0; at < one.text.size(); at += 3) {
      auto damaged = one;
      damaged.text[at] = '\x01';
      EXPECT_FALSE(run_line_case(damaged).empty());
      damaged.text = one.text.substr(0, at);
      EXPECT_FALSE(run_line_case(damaged).empty());
    }
  }
}

// A parser knows forms, not programs: with two letters more at its first word a line is none.
TEST(LineCases, StayUnrecognisedWhenTheFormIsNotOneOfTheProgram) {
  int tried = 0;
  for (const auto& [file, one] : all_cases()) {
    if (one.expected == "foreign" || one.expected == "unrecognised") continue;
    if (one.name.ends_with("_field_first")) continue;  // any word may stand there
    auto mutated = one;
    const auto colon = one.text.find(": ");
    const bool id_in_front = colon != std::string::npos && one.text.find(' ') == colon + 1 &&
                             std::islower(static_cast<unsigned char>(one.text[0])) == 0;
    mutated.text.insert(id_in_front ? colon + 2 : 0, "zz");
    const auto said = run_line_case(mutated);
    EXPECT_TRUE(said == "unrecognised" || said == "foreign") << said << ": " << mutated.text;
    ++tried;
  }
  EXPECT_GE(tried, 100);
}

// Where the message begins behind "ID: " or Exim's "ID ".
std::size_t body_of(const std::string& text) {
  const auto blank = text.find(' ');
  if (blank == std::string::npos) return 0;
  if (is_exim_message_id(text.substr(0, blank))) return blank + 1;
  return is_postfix_queue_id(text.substr(0, blank - std::min<std::size_t>(1, blank))) ? blank + 1
                                                                                      : 0;
}

std::string words_backwards(std::string text) {
  std::string out;
  while (!text.empty()) {
    const auto blank = text.rfind(' ');
    out += (blank == std::string::npos ? text : text.substr(blank + 1)) + " ";
    text = blank == std::string::npos ? "" : text.substr(0, blank);
  }
  out.pop_back();
  return out;
}

std::vector<std::string> mutations_of(const std::string& body) {
  const auto first = body.substr(0, body.find(' '));
  const std::string rest = body.substr(first.size());
  return {std::string(body.rbegin(), body.rend()), words_backwards(body), body.substr(1),
          "x" + body, "x" + rest};
}

// What is no form of a program's is none of its kinds: a hundred damaged texts for each parser.
TEST(LineCases, AHundredDamagedTextsOfEachParserAreUnrecognised) {
  std::map<ParseFunction, int> tried;
  for (const auto& [file, one] : all_cases()) {
    if (one.expected == "foreign" || one.expected == "unrecognised") continue;
    if (one.name.ends_with("_field_first")) continue;
    const auto parser = find_program(one.tag).parse;
    const auto body = body_of(one.text);
    for (const auto& text : mutations_of(one.text.substr(body))) {
      auto damaged = one;
      damaged.text = one.text.substr(0, body) + text;
      if (damaged.text == one.text || tried[parser] >= 100) continue;
      const auto said = run_line_case(damaged);
      EXPECT_TRUE(said == "unrecognised" || said == "foreign") << said << ": " << damaged.text;
      ++tried[parser];
    }
  }
  EXPECT_GE(tried.size(), 20U);
}

}  // namespace
}  // namespace rastro
