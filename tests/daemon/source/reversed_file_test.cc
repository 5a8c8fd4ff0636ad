#include "daemon/source/reversed_file.h"

#include <algorithm>
#include <string>
#include <vector>

#include "tests/daemon/source/log_fixture.h"

namespace rastro {
namespace {

// "offset length text" of each line, in the order in which they come.
std::vector<std::string> read_lines(ReversedFile& file) {
  std::vector<std::string> out;
  while (const auto* line = file.next()) {
    out.push_back(std::to_string(line->raw.offset) + ' ' + std::to_string(line->raw.length) + ' ' +
                  std::string(line->raw.text));
    EXPECT_EQ(line->generation->source, 8U);
    file.take(Time(std::chrono::seconds(100 - out.size())));
  }
  return out;
}

TEST(ReversedFile, GivesTheLastLineFirstAndKeepsTheirPlaces) {
  LogDirectory directory;
  directory.append("a.log", "three\r\ntwo\n\none");
  for (const auto order : {ReversedFile::Order::last_first, ReversedFile::Order::written}) {
    SourceNumbers numbers(7);
    auto file = ReversedFile::open(directory / "a.log", order, numbers);
    ASSERT_TRUE(file);
    EXPECT_TRUE((*file)->poll(1)->more);
    std::vector<std::string> want = {"12 3 one", "11 1 ", "7 4 two", "0 7 three"};
    if (order == ReversedFile::Order::written) std::ranges::reverse(want);
    EXPECT_EQ(read_lines(**file), want);
    EXPECT_FALSE((*file)->poll(1)->more);
    std::vector<SourcePosition> positions;
    (*file)->take_positions(positions);
    ASSERT_EQ(positions.size(), 1U);
    EXPECT_TRUE(positions[0].finished);
    EXPECT_EQ(positions[0].offset, 15U);
    EXPECT_EQ((*file)->counters().lines, 4U);
  }
}

TEST(ReversedFile, IsNoArchiveAndNoDirectory) {
  LogDirectory directory;
  directory.append("a.log", "one\n");
  directory.compress("a.log", "gz");
  SourceNumbers numbers(7);
  const auto order = ReversedFile::Order::last_first;
  EXPECT_FALSE(ReversedFile::open(directory / "a.log.gz", order, numbers));
  EXPECT_FALSE(ReversedFile::open(directory.path(), order, numbers));
  EXPECT_FALSE(ReversedFile::open(directory / "b.log", order, numbers));
}

TEST(ReversedFile, MayBeEmpty) {
  LogDirectory directory;
  directory.create("a.log");
  SourceNumbers numbers(7);
  auto file = ReversedFile::open(directory / "a.log", ReversedFile::Order::last_first, numbers);
  ASSERT_TRUE(file);
  EXPECT_EQ((*file)->next(), nullptr);
}

}  // namespace
}  // namespace rastro
