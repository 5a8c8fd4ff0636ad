// tests/parsers/templates/*.txt: one line for each message that a program's source can print, so
// that what is read is measured against the source and not against the logs we happen to have.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "gtest/gtest.h"
#include "parsers/registry.h"
#include "tests/support/event_text.h"

namespace rastro {
namespace {

std::string kind_of(const std::string& tag, const std::string& text) {
  LineHeader header;
  header.program = tag;
  header.pid = 1;
  const auto program = find_program(tag);
  if (program.parse == nullptr) return "foreign";
  return std::string(line_kind_name(program.parse(header, text).kind));
}

TEST(Templates, AreRead) {
  std::map<std::string, int> by_kind;
  int total = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(RASTRO_SOURCE_DIR "/tests/parsers/templates")) {
    std::ifstream in(entry.path());
    std::string line;
    while (std::getline(in, line)) {
      if (line.empty() || line.starts_with("##")) continue;
      const auto tab = line.find('\t');
      ASSERT_NE(tab, std::string::npos) << entry.path() << ": " << line;
      const auto kind = kind_of(line.substr(0, tab), line.substr(tab + 1));
      EXPECT_TRUE(kind != "foreign" && kind != "unrecognised") << kind << ": " << line;
      ++by_kind[kind];
      ++total;
    }
  }
  EXPECT_GE(total, 300);
  for (const auto& [kind, count] : by_kind) {
    std::printf("%5d %5.1f %% %s\n", count, 100.0 * count / total, kind.c_str());
  }
}

TEST(LineKinds, AreAllDocumented) {
  std::ifstream in(RASTRO_SOURCE_DIR "/docs/lines.md");
  const std::string page((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  for (std::size_t i = 0; i < kLineKindCount; ++i) {
    const auto name = "`" + std::string(line_kind_name(static_cast<LineKind>(i))) + "`";
    EXPECT_NE(page.find(name), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace rastro
