#include "store/key_filter.h"

#include <gtest/gtest.h>

#include <random>

#include "store/keys.h"
#include "store/postings.h"
#include "tests/store/writer_fixture.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;

TEST(KeyFilterTest, NeverDeniesAKeyThatIsThereAndSeldomAffirmsOneThatIsNot) {
  std::mt19937_64 random(5);
  std::vector<std::uint32_t> keys = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff};
  for (int i = 0; i < 100'000; ++i) keys.push_back(static_cast<std::uint32_t>(random()));
  const KeyFilter filter(keys);
  for (const auto key : keys) ASSERT_TRUE(filter.may_hold(key)) << key;
  int wrong = 0;
  for (int i = 0; i < 100'000; ++i)
    wrong += filter.may_hold(static_cast<std::uint32_t>(random())) ? 1 : 0;
  EXPECT_LT(wrong, 12'000);
  EXPECT_LE(filter.bytes(), keys.size());
}

TEST(KeyFilterTest, OfNoKeysHoldsNone) {
  const KeyFilter filter({});
  EXPECT_FALSE(filter.may_hold(0));
  EXPECT_FALSE(filter.may_hold(0xffffffff));
}

class KeyFilterOfAnHour : public WriterFixture {
 protected:
  // An hour of a hundred legs, finished, and a leg in the next one.
  void two_hours() {
    open();
    std::vector<LegRecord> legs;
    for (std::uint64_t i = 0; i < 100; ++i) {
      legs.push_back(
          samples::simple_leg(i, samples::start_time(), "u" + std::to_string(i) + "@example.net"));
    }
    commit(std::move(legs), samples::start_time());
    clock_.advance(1h);
    commit({samples::simple_leg(200, samples::start_time() + 1h, "later@example.com")},
           clock_.wall());
    samples::work_until_done(*writer_);
    reader_ = samples::reader_of(*writer_);
  }
  const FileView& first_hour() { return *writer_->snapshot()->files.front(); }
  void work_ahead() {
    for (int i = 0; i < 100 && reader_->work_ahead(); ++i) {
    }
  }
  std::size_t found(const std::string& recipient) {
    return samples::find(*reader_, {{KeyKind::recipient, recipient}}).size();
  }
  std::unique_ptr<StoreReader> reader_;
};

TEST_F(KeyFilterOfAnHour, LeavesEveryAnswerAsItWas) {
  two_hours();
  EXPECT_EQ(found("u7@example.net"), 1U);
  EXPECT_EQ(first_hour().notes->key_filter(), nullptr);
  work_ahead();
  ASSERT_NE(first_hour().notes->key_filter(), nullptr);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(found("u" + std::to_string(i) + "@example.net"), 1U);
  EXPECT_EQ(found("nobody@example.net"), 0U);
  EXPECT_EQ(found("later@example.com"), 1U);
  EXPECT_EQ(reader_->count_rows({{KeyKind::recipient, "u7@example.net"}}, {}).value(), 1U);
  EXPECT_EQ(reader_->count_rows({{KeyKind::recipient, "nobody@example.net"}}, {}).value(), 0U);
}

// The file is not even opened: what is not there any more is not missed.
TEST_F(KeyFilterOfAnHour, PassesOverAFileThatDoesNotKnowTheKey) {
  two_hours();
  work_ahead();
  const auto filter = first_hour().notes->key_filter();
  const auto& hasher = writer_->snapshot()->hasher;
  EXPECT_TRUE(filter->may_hold(hash_of(hasher, {KeyKind::recipient, "u7@example.net"})));
  auto unknown = std::string("nobody");
  while (filter->may_hold(hash_of(hasher, {KeyKind::recipient, unknown}))) unknown += "x";
  std::filesystem::resize_file(first_hour().path, 0);
  auto reader = samples::reader_of(*writer_);
  EXPECT_TRUE(samples::find(*reader, {{KeyKind::recipient, unknown}}).empty());
  EXPECT_TRUE(reader->troubles().empty());
}

TEST_F(KeyFilterOfAnHour, IsNotMadeOfDamagedSegments) {
  two_hours();
  {
    auto database = Database::open(first_hour().path, Database::Mode::read_write);
    ASSERT_TRUE(database);
    database->run("UPDATE segment SET postings = x'ffffffffffffffffffffff'");
    ASSERT_TRUE(database->take_error());
    EXPECT_FALSE(read_key_filter(*database));
  }
  work_ahead();
  EXPECT_EQ(first_hour().notes->key_filter(), nullptr);
  EXPECT_EQ(found("later@example.com"), 1U);
}

TEST(AppendKeys, TakesEachKeyOnceAndRefusesDamage) {
  const char* const packed = "\x00\x05\x03\x01\x00\x02";  // key 7: rows 1, 6; key 10: rows 1, 3
  std::vector<std::uint32_t> keys;
  EXPECT_TRUE(append_keys(make_posting(7, 1), {packed, 6}, keys));
  EXPECT_EQ(keys, (std::vector<std::uint32_t>{7, 10}));
  EXPECT_TRUE(append_keys(make_posting(10, 9), {}, keys));
  EXPECT_EQ(keys.size(), 2U);
  EXPECT_FALSE(append_keys(make_posting(11, 1), std::string_view(packed, 5), keys));
  const std::string endless(40, '\xff');
  EXPECT_FALSE(append_keys(make_posting(11, 1), endless, keys));
  const std::string beyond = std::string("\xff\xff\xff\xff\x7f\x01", 6) + std::string(20, '\x01');
  EXPECT_FALSE(append_keys(make_posting(0xfffffff0, 1), beyond, keys));
}

}  // namespace
}  // namespace rastro
