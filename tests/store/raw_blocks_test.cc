#include "store/raw_blocks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/store/writer_fixture.h"

namespace rastro {
namespace {

std::vector<std::pair<std::uint64_t, std::string>> lines_of(const RawBlock& block) {
  std::vector<std::pair<std::uint64_t, std::string>> lines;
  EXPECT_TRUE(for_each_raw_line(block.bytes, block.first_offset, [&](auto offset, auto text) {
    lines.emplace_back(offset, text);
    return true;
  }));
  return lines;
}

TEST(RawBlocks, GivesBackEveryLineByItsOffset) {
  RawBlockBuilder builder;
  builder.add(1, 100, 6, "first");
  builder.add(2, 0, 1, "");
  builder.add(1, 106, 70,
              std::string("with\0NUL\xff", 9));  // cut or trimmed: shorter than its length
  auto blocks = builder.take();
  ASSERT_EQ(blocks.size(), 2U);
  for (auto& block : blocks) pack(block);
  EXPECT_EQ(blocks[0].end_offset, 176U);
  EXPECT_THAT(lines_of(blocks[0]),
              testing::ElementsAre(testing::Pair(100U, "first"),
                                   testing::Pair(106U, std::string("with\0NUL\xff", 9))));
  EXPECT_THAT(lines_of(blocks[1]), testing::ElementsAre(testing::Pair(0U, "")));
  EXPECT_TRUE(builder.take().empty());
}

TEST(RawBlocks, ABlockEndsWhenItIsFullOrTheSourceJumps) {
  RawBlockBuilder builder;
  const std::string line(1'000, 'x');
  for (std::uint64_t i = 0; i < 200; ++i) builder.add(1, i * 1'001, 1'001, line);
  EXPECT_EQ(builder.take().size(), 4U);
  builder.add(1, 0, 10, "before");
  builder.add(1, 50, 10, "behind a gap");
  EXPECT_EQ(builder.take().size(), 2U);
}

TEST(RawBlocks, RefusesDamagedBytes) {
  RawBlockBuilder builder;
  for (std::uint64_t i = 0; i < 50; ++i) builder.add(1, i * 10, 10, "line " + std::to_string(i));
  auto block = builder.take().front();
  pack(block);
  const auto count = [](std::uint64_t /*offset*/, std::string_view /*text*/) { return true; };
  EXPECT_FALSE(for_each_raw_line("", 0, count));
  EXPECT_FALSE(for_each_raw_line("not zstd at all", 0, count));
  for (std::size_t cut = 0; cut < block.bytes.size(); ++cut) {
    EXPECT_FALSE(for_each_raw_line(std::string_view(block.bytes).substr(0, cut), 0, count)) << cut;
  }
  std::mt19937_64 random(7);
  for (int i = 0; i < 2'000; ++i) {  // no crash, no endless loop, no huge allocation
    auto bytes = block.bytes;
    bytes[random() % bytes.size()] = static_cast<char>(random());
    static_cast<void>(for_each_raw_line(bytes, 0, count));
  }
}

class RawLinesInIndex : public WriterFixture {};

TEST_F(RawLinesInIndex, AreFoundInWhicheverHourTheyStand) {
  open();
  std::uint64_t offset = 0;
  std::vector<std::pair<LineRef, std::string>> all;
  for (int hour = 0; hour < 3; ++hour) {
    const auto at = samples::start_time() + std::chrono::hours(hour);
    clock_.jump_wall(at + std::chrono::minutes(5) - clock_.wall());
    RawBlockBuilder builder;
    for (int i = 0; i < 3'000; ++i) {
      const auto text =
          "line " + std::to_string(hour) + "/" + std::to_string(i) + " with some text";
      const auto length = static_cast<std::uint32_t>(text.size() + 1);
      builder.add(9, offset, length, text);
      all.emplace_back(LineRef{9, length, offset}, text);
      offset += length;
    }
    Batch batch = samples::batch_of(
        {samples::simple_leg(static_cast<std::uint64_t>(hour), at, "a@example.net")}, at);
    batch.raw_blocks = builder.take();
    for (auto& block : batch.raw_blocks) pack(block);
    samples::commit_or_die(*writer_, batch);
    samples::work_until_done(*writer_);
  }
  reopen();
  auto reader = samples::reader_of(*writer_);
  for (std::size_t i = 0; i < all.size(); i += 97) {
    const auto line = reader->raw_line(all[i].first);
    ASSERT_TRUE(line);
    EXPECT_EQ(*line, all[i].second);
  }
  EXPECT_EQ(*reader->raw_line({9, 1, 1}), std::nullopt);  // inside of a line
  EXPECT_EQ(*reader->raw_line({8, 1, 0}), std::nullopt);
}

}  // namespace
}  // namespace rastro
