#include "core/framing.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rastro {
namespace {

struct Seen {
  std::string text;
  std::uint64_t offset;
  std::uint32_t length;
  bool cut;
  friend bool operator==(const Seen&, const Seen&) = default;
};

class Collector : public LineSink {
 public:
  void on_line(const RawLine& line) override {
    lines.push_back({std::string(line.text), line.offset, line.length, line.cut});
  }
  std::vector<Seen> lines;
};

TEST(LineFramer, GivesLinesWithTheirPlace) {
  Collector seen;
  LineFramer framer(seen, 100);
  framer.feed("one\ntwo\r\n\nfour");
  EXPECT_EQ(seen.lines, (std::vector<Seen>{
                            {"one", 100, 4, false}, {"two", 104, 5, false}, {"", 109, 1, false}}));
  EXPECT_EQ(framer.consumed(), 110u);
  EXPECT_TRUE(framer.has_partial_line());
}

TEST(LineFramer, HoldsAnUnfinishedLineUntilItsEndComes) {
  Collector seen;
  LineFramer framer(seen);
  for (const char c : std::string("half written\n")) framer.feed({&c, 1});
  EXPECT_EQ(seen.lines, (std::vector<Seen>{{"half written", 0, 13, false}}));
  EXPECT_FALSE(framer.has_partial_line());
}

TEST(LineFramer, SplittingAnywhereChangesNothing) {
  std::string content;
  for (int i = 0; i < 40; ++i)
    content += std::string(static_cast<std::size_t>(i * 7), 'x') + "\r\n";
  Collector whole;
  LineFramer(whole).feed(content);
  for (std::size_t cut = 0; cut < content.size(); cut += 13) {
    Collector parts;
    LineFramer framer(parts);
    framer.feed(std::string_view(content).substr(0, cut));
    framer.feed(std::string_view(content).substr(cut));
    ASSERT_EQ(parts.lines, whole.lines) << "cut at " << cut;
  }
}

TEST(LineFramer, CutsAnOverlongLineAndKeepsItsNeighbours) {
  Collector seen;
  LineFramer framer(seen);
  framer.feed("before\n" + std::string(1'000'000, 'x'));
  framer.feed(std::string(50, 'y') + "\nafter\n");
  ASSERT_EQ(seen.lines.size(), 3u);
  EXPECT_EQ(seen.lines[1].text.size(), LineFramer::kLineBytesMax);
  EXPECT_TRUE(seen.lines[1].cut);
  EXPECT_EQ(seen.lines[1].length, 1'000'051u);
  EXPECT_EQ(seen.lines[2], (Seen{"after", 7 + 1'000'051, 6, false}));
  EXPECT_EQ(framer.cut_lines(), 1u);
}

TEST(LineFramer, DropsTheNulBytesThatACrashLeaves) {
  Collector seen;
  LineFramer framer(seen);
  framer.feed(std::string(512, '\0') + "alive\n");
  ASSERT_EQ(seen.lines.size(), 1u);
  EXPECT_EQ(seen.lines[0].text, "alive");
  EXPECT_EQ(seen.lines[0].length, 518u);
  EXPECT_EQ(framer.nul_bytes(), 512u);
}

TEST(LineFramer, FinishHandsOverTheLastLineWithoutAnEnd) {
  Collector seen;
  LineFramer framer(seen);
  framer.feed("no end");
  framer.finish();
  framer.finish();
  EXPECT_EQ(seen.lines, (std::vector<Seen>{{"no end", 0, 6, false}}));
  EXPECT_EQ(framer.consumed(), 6u);
}

}  // namespace
}  // namespace rastro
