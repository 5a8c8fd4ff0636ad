#include <gtest/gtest.h>

#include <map>
#include <random>

#include "store/schema.h"
#include "store/state_rows.h"
#include "tests/store/leg_samples.h"

namespace rastro {
namespace {

class PendingTest : public testing::Test {
 protected:
  void SetUp() override {
    database_.run("PRAGMA synchronous=OFF");
    create_schema(database_);
  }
  std::map<std::string, std::string> read() {
    std::map<std::string, std::string> out;
    for (auto& entry : read_pending(database_)) {
      EXPECT_TRUE(out.emplace(entry.key, entry.value).second) << entry.key;
    }
    return out;
  }
  std::int64_t rows(const std::string& where) {
    return database_.query_int("SELECT count(*) FROM pending WHERE " + where).value_or(-1);
  }

  samples::TemporaryDirectory directory_;
  Database database_ = *Database::open(directory_.path() / "p.db", Database::Mode::create);
};

TEST_F(PendingTest, IsWhatWasSaidLastHoweverManyCommits) {
  std::mt19937_64 random(20261201);
  std::map<std::string, std::string> model;
  for (int commit = 0; commit < 400; ++commit) {
    std::vector<PendingEntry> batch;
    for (auto left = random() % 30; left > 0; --left) {
      auto key = "in:" + std::to_string(random() % 100);
      std::string value;
      if (random() % 3 != 0) value.assign(1 + random() % 50, static_cast<char>(random()));
      // Too large for a block, and then perhaps small again.
      if (random() % 500 == 0) value.assign(300'000, 'x');
      value.empty() ? static_cast<void>(model.erase(key)) : static_cast<void>(model[key] = value);
      batch.push_back({std::move(key), std::move(value)});
    }
    write_pending(database_, batch);
    if (commit % 50 == 17) pack_pending(database_);
    if (commit % 10 == 0) {
      ASSERT_EQ(read(), model) << commit;
    }
  }
  EXPECT_EQ(read(), model);
  EXPECT_LE(rows("key >= x'01' AND key < x'02'"), 65);
  pack_pending(database_);
  EXPECT_EQ(rows("key >= x'01' AND key < x'02'"), 0);
  EXPECT_EQ(read(), model);
  EXPECT_TRUE(database_.take_error());
}

TEST_F(PendingTest, OneCommitTakesOneRow) {
  std::vector<PendingEntry> batch;
  for (int i = 0; i < 1'000; ++i) batch.push_back({"out:" + std::to_string(i), "value"});
  write_pending(database_, batch);
  write_pending(database_, batch);
  write_pending(database_, {});
  EXPECT_EQ(rows("1"), 2);
  EXPECT_EQ(read().size(), 1'000U);
}

// Files of before version 7 have a row for each entry.
TEST_F(PendingTest, RowsOfEarlierBuildsAreReadAndChanged) {
  database_.run("INSERT INTO pending VALUES(x'696e3a31', x'6f6e65'), (x'696e3a32', x'74776f')");
  write_pending(database_, {{"in:1", ""}, {"in:3", "three"}, {"in:3", ""}, {"in:2", "2"}});
  EXPECT_EQ(read(), (std::map<std::string, std::string>{{"in:2", "2"}}));
}

TEST_F(PendingTest, ADamagedBlockIsDamage) {
  write_pending(database_, {{"in:1", "one"}});
  database_.run("UPDATE pending SET value = x'28b52ffd'");
  EXPECT_TRUE(read().empty());
  EXPECT_EQ(database_.take_error().error().code, Error::Code::corrupt);
}

}  // namespace
}  // namespace rastro
