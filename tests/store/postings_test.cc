#include "store/postings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "core/varint.h"
#include "store/hash_key.h"
#include "store/line_refs.h"
#include "store/schema.h"
#include "tests/store/leg_samples.h"

namespace rastro {
namespace {

TEST(SipHash, GivesTheReferenceValues) {
  // Test vectors of the reference implementation: key 00..0f, message 00..(n-1).
  const std::array<std::uint64_t, 2> key = {0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};
  std::string message;
  EXPECT_EQ(sip_hash(key, message), 0x726fdb47dd0e0e31ULL);
  for (char c = 0; c < 15; ++c) message.push_back(c);
  EXPECT_EQ(sip_hash(key, message), 0xa129ca6149be45e5ULL);
}

// Long enough to be sorted by digits, in every range of them.
TEST(SortedRuns, SortWhateverComes) {
  std::mt19937_64 random(11);
  for (const unsigned shift : {0U, 1U, 20U, 33U, 52U, 63U}) {
    SCOPED_TRACE(shift);
    std::vector<std::uint64_t> values(5'000);
    for (auto& value : values) value = random() >> shift;
    values.push_back(~std::uint64_t{0});
    values.push_back(values.front());
    SortedRuns runs;
    runs.add(values);
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    ASSERT_EQ(runs.runs().size(), 1U);
    EXPECT_EQ(*runs.runs().front(), values);
  }
  SortedRuns same;
  same.add(std::vector<std::uint64_t>(3'000, 7));
  EXPECT_EQ(same.size(), 1U);
}

TEST(Varint, RefusesWhatIsCutOrTooLong) {
  for (const std::uint64_t value : {0ULL, 127ULL, 128ULL, 300ULL, 1ULL << 62, ~0ULL}) {
    std::string bytes;
    append_varint(bytes, value);
    std::string_view rest = bytes;
    EXPECT_EQ(take_varint(rest), value);
    EXPECT_TRUE(rest.empty());
    rest = std::string_view(bytes).substr(0, bytes.size() - 1);
    EXPECT_FALSE(take_varint(rest));
  }
  const std::string endless(20, '\xff');
  std::string_view rest = endless;
  EXPECT_FALSE(take_varint(rest));
}

TEST(Varint, IsReadAtOnceWhenItIsShort) {
  for (unsigned bits = 0; bits <= 56; ++bits) {
    for (const std::uint64_t value : {(std::uint64_t{1} << bits) - 1, std::uint64_t{1} << bits}) {
      std::string bytes;
      append_varint(bytes, value);
      const auto length = bytes.size();
      bytes += std::string(8, '\xff');
      const auto read = look_at_varint(bytes.data());
      ASSERT_EQ(read.length, length <= 8 ? length : 0) << value;
      if (length > 8) continue;
      EXPECT_EQ(read.value(), value);
    }
  }
}

TEST(LineRefs, ComeBackWhateverTheyAre) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<LineRef> lines(random() % 9);
    for (auto& line : lines) {
      line = {static_cast<std::uint32_t>(random()), static_cast<std::uint32_t>(random()), random()};
    }
    std::string bytes;
    append_line_refs(bytes, lines);
    std::vector<LineRef> got;
    ASSERT_TRUE(take_line_refs(bytes, LinePacking::near_length, got));
    ASSERT_EQ(got, lines);
    if (!bytes.empty()) {
      got.clear();
      EXPECT_FALSE(take_line_refs(std::string_view(bytes).substr(0, bytes.size() - 1),
                                  LinePacking::near_length, got));
    }
  }
  std::string bytes;
  append_line_refs(bytes, {{1, 100, 5000}, {1, 100, 5100}, {1, 90, 5200}});
  EXPECT_LE(bytes.size(), 5U + 2U + 2U) << "lines that follow each other are cheap";
  bytes.clear();
  append_line_refs(bytes, {{1, 64, 5000}, {1, 191, 5064}});
  EXPECT_EQ(bytes.size(), 5U + 2U) << "most lengths take one byte";
}

TEST(LineRefs, OfEarlierVersionsAreRead) {
  const std::string bytes("\x02\x00\x64\x00\x63\x32\x01\x00\x01", 9);
  std::vector<LineRef> got;
  ASSERT_TRUE(take_line_refs(bytes, LinePacking::three_numbers, got));
  EXPECT_EQ(got, (std::vector<LineRef>{{1, 100, 0}, {1, 50, 50}, {0, 1, 100}}));
  got.clear();
  const std::string marked("\x01\x02\x64\x00\x32\x01\x01\x01", 8);
  ASSERT_TRUE(take_line_refs(marked, LinePacking::marked_source, got));
  EXPECT_EQ(got, (std::vector<LineRef>{{1, 100, 0}, {1, 50, 100}, {0, 1, 150}}));
}

TEST(SortedRuns, FewRunsHoweverManyBatches) {
  SortedRuns runs;
  std::vector<std::uint64_t> all;
  std::mt19937_64 random(3);
  for (int i = 0; i < 5000; ++i) {
    std::vector<std::uint64_t> batch(random() % 5);
    for (auto& value : batch) value = random() % 10'000;
    all.insert(all.end(), batch.begin(), batch.end());
    runs.add(batch);
  }
  EXPECT_LE(runs.runs().size(), 7U * 6U);
  std::sort(all.begin(), all.end());
  for (std::uint64_t value = 0; value < 10'000; ++value) {
    ASSERT_EQ(runs.contains(value), std::binary_search(all.begin(), all.end(), value));
  }
  std::vector<std::uint64_t> got;
  runs.collect(100, 200, got);
  std::sort(got.begin(), got.end());
  got.erase(std::unique(got.begin(), got.end()), got.end());
  std::vector<std::uint64_t> want(std::lower_bound(all.begin(), all.end(), 100),
                                  std::upper_bound(all.begin(), all.end(), 200));
  want.erase(std::unique(want.begin(), want.end()), want.end());
  EXPECT_EQ(got, want);
}

class Segments : public testing::Test {
 protected:
  void SetUp() override {
    auto made = Database::open(directory_.path() / "s.db", Database::Mode::create);
    ASSERT_TRUE(made.has_value());
    database_.emplace(std::move(*made));
    database_->run("PRAGMA page_size=4096");
    create_schema(*database_);
  }
  std::vector<std::uint32_t> rows_of(std::uint32_t key) {
    SegmentReader reader(*database_);
    std::vector<std::uint32_t> rows;
    reader.collect_rows(key, rows);
    std::sort(rows.begin(), rows.end());
    return rows;
  }
  samples::TemporaryDirectory directory_;
  std::optional<Database> database_;
};

TEST_F(Segments, HoldWhatTheRunsHeld) {
  std::mt19937_64 random(11);
  PostingRuns runs;
  std::map<std::uint32_t, std::vector<std::uint32_t>> model;
  const std::uint32_t edges[] = {0, 1, 5, 0x7fffffffU, 0x80000000U, 0xfffffffeU, 0xffffffffU};
  for (std::uint32_t row = 1; row <= 60'000; ++row) {
    // Some keys have very many rows, some sit at the ends of the range.
    const auto key = random() % 3 == 0 ? edges[random() % std::size(edges)]
                                       : static_cast<std::uint32_t>(random());
    model[key].push_back(row);
    runs.add({make_posting(key, row)});
  }
  model[0xffffffffU].push_back(kRowMax);
  runs.add({make_posting(0xffffffffU, kRowMax)});
  SegmentPacker packer(runs);
  int slices = 1;
  while (!packer.write_some(*database_, 5)) ++slices;
  EXPECT_GT(slices, 3);
  ASSERT_TRUE(database_->take_error());
  for (const auto& [key, rows] : model) ASSERT_EQ(rows_of(key), rows) << key;
  for (int i = 0; i < 1000; ++i) {
    const auto key = static_cast<std::uint32_t>(random());
    if (model.contains(key)) continue;
    ASSERT_TRUE(rows_of(key).empty());
  }
  // One page each: no overflow pages.
  EXPECT_LE(database_->query_int("SELECT max(length(postings)) FROM segment").value(), 4030);
}

// Builds of before wrote two numbers for each posting.
TEST_F(Segments, OfEarlierBuildsAreRead) {
  auto put = database_->prepare("INSERT INTO segment VALUES(?1, ?2)");
  const std::string bytes("\x00\x05\x03\x01\x00\x02", 6);
  put.bind(1, static_cast<std::int64_t>(make_posting(7, 1))).bind_blob(2, bytes).run();
  EXPECT_EQ(rows_of(7), (std::vector<std::uint32_t>{1, 6}));
  EXPECT_EQ(rows_of(10), (std::vector<std::uint32_t>{1, 3}));
  EXPECT_TRUE(rows_of(8).empty());
  std::vector<Posting> all;
  EXPECT_TRUE(unpack_segment(make_posting(7, 1), bytes, all));
  EXPECT_EQ(all, (std::vector<Posting>{make_posting(7, 1), make_posting(7, 6), make_posting(10, 1),
                                       make_posting(10, 3)}));
}

TEST_F(Segments, TakeOneNumberForARowOfTheSameKey) {
  PostingRuns runs;
  runs.add({make_posting(7, 1), make_posting(7, 6), make_posting(10, 1), make_posting(10, 3)});
  SegmentPacker packer(runs);
  EXPECT_TRUE(packer.write_some(*database_, 5));
  auto row = database_->prepare("SELECT hex(postings) FROM segment");
  ASSERT_TRUE(row.step());
  EXPECT_EQ(row.column_bytes(0), "80000B060105");
}

TEST(SegmentBytes, AreTakenOrDamaged) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (auto& byte : bytes) byte = static_cast<char>(random() % 4 == 0 ? random() : random() % 8);
    if (round % 2 == 0) bytes.insert(0, std::string("\x80\x00", 2));
    const auto first = make_posting(static_cast<std::uint32_t>(random()), 1);
    std::vector<Posting> all;
    std::vector<std::uint32_t> keys;
    const bool whole = unpack_segment(first, bytes, all);
    EXPECT_EQ(append_keys(first, bytes, keys), whole);
    EXPECT_LE(all.size(), bytes.size() + 1);
    EXPECT_TRUE(std::ranges::is_sorted(all, {}, key_of));
  }
}

TEST_F(Segments, DamagedBytesEndQuietly) {
  auto put = database_->prepare("INSERT INTO segment VALUES(?1, ?2)");
  const std::string garbage(4000, '\xff');
  put.bind(1, static_cast<std::int64_t>(make_posting(5, 1))).bind_blob(2, garbage).run();
  EXPECT_EQ(rows_of(5), std::vector<std::uint32_t>{1});
  EXPECT_TRUE(rows_of(6).empty());
  put = database_->prepare("UPDATE segment SET postings = ?1");
  put.bind_blob(1, std::string("\x80\x00", 2) + garbage).run();
  EXPECT_EQ(rows_of(5), std::vector<std::uint32_t>{1});
}

}  // namespace
}  // namespace rastro
