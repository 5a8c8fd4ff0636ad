#include "store/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "store/sqlite.h"
#include "tests/store/leg_samples.h"
#include "tests/store/writer_fixture.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;

// Two hours of legs with every field at random, the first hour sealed.
class VerifyTest : public WriterFixture {
 protected:
  void SetUp() override {
    open();
    for (int hour = 0; hour < 2; ++hour) {
      const auto at = samples::start_time() + hour * 1h;
      clock_.jump_wall(at + 5min - clock_.wall());
      std::vector<LegRecord> legs;
      for (int i = 0; i < 300; ++i) {
        auto leg = samples::random_leg(random_, random_(), at);
        for (auto& line : leg.lines) line = {7, 100, line.offset % 1'000};
        legs.push_back(std::move(leg));
      }
      Batch batch = samples::batch_of(std::move(legs), at);
      SourcePosition position;
      position.source = 7;
      position.path = "log";
      position.offset = 2'000;
      batch.positions = {position};
      samples::commit_or_die(*writer_, batch);
      samples::work_until_done(*writer_);
    }
  }
  ShardReport verify(const char* file) {
    ShardCheck check;
    check.hasher = *KeyHasher::read(directory_.path());
    auto report = verify_shard(directory_.path() / file, check);
    EXPECT_TRUE(report) << (report ? "" : report.error().message);
    return report ? std::move(*report) : ShardReport();
  }
  void damage(const char* sql) {
    auto database =
        Database::open(directory_.path() / "20260301T10.db", Database::Mode::read_write);
    ASSERT_TRUE(database);
    database->run(sql);
    ASSERT_TRUE(database->take_error());
  }
  std::mt19937_64 random_{20261125};
};

TEST_F(VerifyTest, WhatTheWriterWroteHasNoFault) {
  for (const char* file : {"20260301T10.db", "20260301T11.db"}) {
    const auto report = verify(file);
    EXPECT_THAT(report.faults.told(), testing::IsEmpty()) << file;
    EXPECT_GE(report.versions, 300U);
    EXPECT_GT(report.postings, 1'000U);
    EXPECT_GT(report.line_refs, 100U);
  }
  EXPECT_TRUE(verify("20260301T10.db").state.sealed);
  EXPECT_FALSE(verify("20260301T11.db").state.sealed);
}

TEST_F(VerifyTest, VisitsEachVersionAndTheirPositions) {
  std::size_t legs = 0;
  std::size_t positions = 0;
  ShardCheck check;
  check.visit_leg = [&](const LegRecord& /*leg*/, Faults& /*faults*/) { ++legs; };
  check.visit_positions = [&](const std::vector<SourcePosition>& all, Faults& faults) {
    positions = all.size();
    faults.add("told by the visitor");
  };
  const auto report = verify_shard(directory_.path() / "20260301T10.db", check);
  ASSERT_TRUE(report);
  EXPECT_EQ(legs, report->versions);
  EXPECT_EQ(positions, 1U);
  EXPECT_THAT(report->faults.told(), testing::ElementsAre("told by the visitor"));
}

TEST_F(VerifyTest, RefusesWhatIsNoFileOfOurs) {
  EXPECT_EQ(verify_shard(directory_.path() / "hash_key", {}).error().code, Error::Code::corrupt);
  EXPECT_FALSE(verify_shard(directory_.path() / "nothing.db", {}));
  {
    auto other = Database::open(directory_.path() / "other.db", Database::Mode::create);
    ASSERT_TRUE(other);
    other->run("CREATE TABLE t(a)");
  }
  EXPECT_EQ(verify_shard(directory_.path() / "other.db", {}).error().code, Error::Code::invalid);
}

struct DamageCase {
  std::string name;
  const char* sql;
  const char* told;
  friend void PrintTo(const DamageCase& c, std::ostream* os) { *os << c.name; }
};
class VerifyFinds : public VerifyTest, public testing::WithParamInterface<DamageCase> {};

TEST_P(VerifyFinds, TheDamage) {
  damage(GetParam().sql);
  const auto report = verify("20260301T10.db");
  EXPECT_GE(report.faults.count(), 1U);
  EXPECT_THAT(report.faults.told(), testing::Contains(testing::HasSubstr(GetParam().told)));
}

const DamageCase kDamage[] = {
    {"a_posting_is_gone",
     "DELETE FROM segment WHERE first_posting = (SELECT min(first_posting)"
     " FROM segment)",
     "postings of the rows are missing"},
    {"a_row_has_another_key", "UPDATE leg SET queue_id = 'ZZZZ' WHERE row = 5",
     "lead to rows that do not have the key"},
    {"a_segment_is_torn",
     "UPDATE segment SET postings = X'FF' WHERE first_posting ="
     " (SELECT max(first_posting) FROM segment)",
     "is damaged"},
    {"a_row_is_gone", "DELETE FROM leg WHERE row = 17", "row 17 of leg is missing"},
    {"recipients_are_gone", "DELETE FROM delivery WHERE row = (SELECT max(row) FROM delivery)",
     "recipients that are not there"},
    {"a_recipient_of_nobody",
     "INSERT INTO delivery SELECT max(row) + 1, 'x@example.org', 0, NULL, NULL, NULL, x'00' FROM"
     " delivery",
     "belong to no leg"},
    {"a_version_of_another_leg", "UPDATE leg SET previous_row = 1 WHERE row = 20", "another leg's"},
    {"a_name_is_gone", "DELETE FROM name WHERE id IN (SELECT host FROM leg)",
     "the dictionary lacks"},
    {"a_line_beyond_what_was_read", "UPDATE position SET offset = 1", "beyond what was read"},
    {"a_source_nobody_knows", "DELETE FROM position", "has no position"},
    {"lines_are_torn", "UPDATE leg SET more = more || X'FF' WHERE row = 9",
     "row 9 of leg cannot be read"},
    {"what_is_packed_is_torn", "UPDATE leg SET more = X'FFFF' WHERE row = 9",
     "row 9 of leg cannot be read"},
    {"a_packed_recipient_is_torn",
     "UPDATE delivery SET more = X'FF' WHERE row = (SELECT max(row) FROM delivery)",
     "of leg cannot be read"},
    {"a_header_is_gone", "UPDATE leg SET header_row = 999999 WHERE row = 9", "name a header"},
    {"a_header_of_another_leg", "UPDATE leg SET header_row = 8 WHERE row = 9", "name a header"},
    {"names_are_gone", "UPDATE leg SET queue_id = NULL WHERE row = 9", "leave their names"},
    {"names_of_another_leg", "UPDATE leg SET queue_id = NULL, named_row = 8 WHERE row = 9",
     "leave their names"},
    {"an_end_is_gone", "UPDATE leg SET message_id_end = 999999 WHERE row = 9", "Message-IDs end"},
    {"an_end_of_no_client", "UPDATE leg SET message_id_end = 0, client = NULL WHERE row = 9",
     "Message-IDs end as a client"},
    {"a_packed_id_is_torn", "UPDATE leg SET queue_id = X'1F' WHERE row = 9",
     "row 9 of leg cannot be read"},
    {"further_recipients_without_a_first",
     "UPDATE leg SET recipient = NULL WHERE delivery_count > 0", "no first one"},
    {"an_address_is_gone",
     "DELETE FROM name WHERE id IN (SELECT recipient FROM leg WHERE typeof(recipient) = 'integer')",
     "addresses are of a row that the dictionary lacks"},
    {"a_relay_is_gone", "DELETE FROM endpoint WHERE id IN (SELECT relay FROM leg)",
     "a relay that the dictionary lacks"},
    {"words_of_a_reply_are_gone", "DELETE FROM name WHERE id IN (SELECT reply FROM leg)",
     "a reply that the dictionary lacks"},
    {"state_too_narrow", "UPDATE file_state SET activity_max = activity_min",
     "active after what file_state says"},
    {"carried_without_a_row", "INSERT INTO carried VALUES(12345)", "are not"},
};
INSTANTIATE_TEST_SUITE_P(, VerifyFinds, testing::ValuesIn(kDamage),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace rastro
