#include "store/posted_rows.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <set>

#include "store/schema.h"
#include "tests/store/leg_samples.h"

namespace rastro {
namespace {

// Postings of a few keys that half the rows have and of many that one has, in a file that still
// grows and in a finished one.
class PostedRowsTest : public testing::TestWithParam<bool> {
 protected:
  static constexpr std::uint32_t kRows = 30'000;
  static constexpr std::uint32_t kOftenKeys[] = {0, 5, 6, 0x80000000U, 0xffffffffU};

  void SetUp() override {
    auto made = Database::open(directory_.path() / "s.db", Database::Mode::create);
    ASSERT_TRUE(made.has_value());
    database_.emplace(std::move(*made));
    create_schema(*database_);
    std::mt19937_64 random(3);
    std::vector<Posting> batch;
    for (std::uint32_t row = 1; row <= kRows; ++row) {
      post(kOftenKeys[random() % std::size(kOftenKeys)], row, batch);
      post(static_cast<std::uint32_t>(random()), row, batch);
      if (batch.size() > 700) view_.runs.add(std::move(batch)), batch = {};
    }
    post(5, kRowMax, batch);
    view_.runs.add(std::move(batch));
    view_.state.sealed = GetParam();
    if (!view_.state.sealed) return;
    SegmentPacker packer(view_.runs);
    while (!packer.write_some(*database_, 50)) {
    }
    view_.runs.clear();
  }
  void post(std::uint32_t key, std::uint32_t row, std::vector<Posting>& batch) {
    batch.push_back(make_posting(key, row));
    rows_[key].insert(row);
  }
  // What `keys` should give, walking down by what `step_from` makes of each row.
  template <typename Next>
  void walk(const std::vector<std::uint32_t>& keys, const Next& next) {
    SegmentReader segments(*database_);
    PostedRows posted(view_, segments);
    std::set<std::uint32_t> want;
    for (const auto key : keys) {
      posted.add(key);
      want.insert(rows_[key].begin(), rows_[key].end());
    }
    for (std::uint32_t row = kRowMax;;) {
      const auto got = posted.at_most(row);
      const auto above = want.upper_bound(row);
      if (above == want.begin()) {
        ASSERT_FALSE(got) << "below " << row;
        return;
      }
      ASSERT_EQ(got, std::optional(*std::prev(above)));
      row = next(*got);
    }
  }

  samples::TemporaryDirectory directory_;
  std::optional<Database> database_;
  FileView view_;
  std::map<std::uint32_t, std::set<std::uint32_t>> rows_;
};

TEST_P(PostedRowsTest, ComeFromTheHighestDownEachOnce) {
  for (const auto key : kOftenKeys) walk({key}, [](auto row) { return row - 1; });
  walk({0, 5, 0xffffffffU}, [](auto row) { return row - 1; });
  int rare = 0;
  for (const auto& [key, rows] : rows_) {
    if (++rare % 100 == 0) walk({key, 5}, [](auto row) { return row - 1; });
  }
  walk({7}, [](auto row) { return row - 1; });
  walk({}, [](auto row) { return row - 1; });
}

TEST_P(PostedRowsTest, RowsInBetweenArePassedOver) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 50; ++i) {
    walk({0, 5, 6}, [&](auto row) {
      return row - std::min<std::uint32_t>(row, 1 + static_cast<std::uint32_t>(random() % 4'000));
    });
  }
}

TEST_P(PostedRowsTest, AreCountedWithoutReadingAllOfThem) {
  SegmentReader segments(*database_);
  const auto count = [&](std::uint32_t key) {
    return view_.state.sealed ? segments.count_rows(key) : count_rows(view_.runs, key);
  };
  for (const auto key : kOftenKeys) {
    const auto want = static_cast<double>(rows_[key].size());
    EXPECT_NEAR(static_cast<double>(count(key)), want, want / 20) << key;
  }
  for (const auto& [key, rows] : rows_) {
    if (rows.size() < 100) {
      ASSERT_EQ(count(key), rows.size());
    }
  }
  EXPECT_EQ(count(7), 0U);
}

INSTANTIATE_TEST_SUITE_P(, PostedRowsTest, testing::Bool(),
                         [](const auto& sealed) { return sealed.param ? "Finished" : "Growing"; });

TEST(PostedRowsDamagedTest, EndQuietly) {
  samples::TemporaryDirectory directory;
  auto database = Database::open(directory.path() / "s.db", Database::Mode::create);
  ASSERT_TRUE(database.has_value());
  create_schema(*database);
  for (const std::uint32_t row : {1U, 2U, 900U}) {
    auto put = database->prepare("INSERT INTO segment VALUES(?1, ?2)");
    const std::string garbage(900, '\xff');
    put.bind(1, static_cast<std::int64_t>(make_posting(5, row))).bind_blob(2, garbage).run();
  }
  FileView view;
  view.state.sealed = true;
  SegmentReader segments(*database);
  PostedRows posted(view, segments);
  posted.add(5);
  posted.add(6);
  EXPECT_EQ(posted.at_most(kRowMax), std::optional(900U));
  EXPECT_EQ(posted.at_most(500), std::optional(2U));
  EXPECT_EQ(posted.at_most(1), std::optional(1U));
  EXPECT_EQ(posted.at_most(0), std::nullopt);
}

}  // namespace
}  // namespace rastro
