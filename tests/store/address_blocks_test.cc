#include "store/address_blocks.h"

#include <gmock/gmock.h>

#include <set>

#include "tests/store/writer_fixture.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;
using samples::simple_leg;

class AddressBlocks : public WriterFixture {
 protected:
  std::multiset<std::string> addresses(const TimeRange& range = {}) {
    std::multiset<std::string> out;
    auto reader = samples::reader_of(*writer_);
    const auto done = reader->for_each_address(range, {Duration::zero()},
                                               [&](std::string_view address, std::size_t) {
                                                 out.emplace(address);
                                                 return kSeeAll;
                                               });
    EXPECT_TRUE(done);
    return out;
  }
  void seal() {
    clock_.advance(1h);
    commit({simple_leg(1, samples::start_time() + 1h, "later@example.com")},
           samples::start_time() + 1h);
    samples::work_until_done(*writer_);
  }
};

TEST_F(AddressBlocks, ASealedHourHoldsTheSameAddressesAsItsRows) {
  open();
  auto leg = simple_leg(0, samples::start_time(), "Juan@Example.com");
  leg.submission.login = "shop";
  leg.recipients[0].original_recipient = "info@example.com";
  std::vector<LegRecord> legs = {leg};
  // More than one block, and prefixes in common.
  for (std::uint64_t i = 1; i <= 5000; ++i)
    legs.push_back(simple_leg(i, samples::start_time(), std::to_string(i) + "@host.example.net"));
  commit(legs, samples::start_time() + 1min);
  const TimeRange hour{samples::start_time(), samples::start_time() + 30min};
  const auto from_rows = addresses(hour);
  EXPECT_EQ(from_rows.count("juan@example.com"), 1U);
  EXPECT_EQ(from_rows.count("shop"), 1U);
  EXPECT_EQ(from_rows.count("info@example.com"), 1U);
  EXPECT_EQ(from_rows.size(), 5004U);  // and ana@example.org
  seal();
  EXPECT_EQ(addresses(hour), from_rows);
}

// Of hours that are finished, as soon as a reader had time to.
class MergedHours : public AddressBlocks {
 protected:
  static constexpr int kHours = 6;
  // In hour i: ana@example.org, in each; 1@example.net to i@example.net.
  void write_hours() {
    open();
    for (int hour = 0; hour <= kHours; ++hour) {
      const auto at = samples::start_time() + std::chrono::hours(hour);
      std::vector<LegRecord> legs;
      for (int i = 0; i <= hour; ++i)
        legs.push_back(
            simple_leg(static_cast<std::uint64_t>(i), at, std::to_string(i) + "@example.net"));
      commit(legs, at);
      clock_.advance(1h);
    }
    samples::work_until_done(*writer_);
  }
  void work_ahead() {
    auto reader = samples::reader_of(*writer_);
    for (int i = 0; i < 100 && reader->work_ahead(); ++i) {
    }
  }
  std::size_t listed() const {
    const auto list = writer_->snapshot()->merged_addresses->list();
    return list ? list->files.size() : 0;
  }
  static std::set<std::string> each_once(const std::multiset<std::string>& all) {
    return {all.begin(), all.end()};
  }
};

TEST_F(MergedHours, ShowEachAddressOnce) {
  write_hours();
  const auto one_by_one = addresses();
  EXPECT_EQ(one_by_one.count("ana@example.org"), std::size_t{kHours} + 1);
  work_ahead();
  ASSERT_EQ(listed(), std::size_t{kHours});
  const auto together = addresses();
  EXPECT_EQ(each_once(together), each_once(one_by_one));
  EXPECT_EQ(together.count("ana@example.org"), 2U);  // in the list, and in the hour still open
  EXPECT_EQ(together.count("0@example.net"), 2U);
}

TEST_F(MergedHours, OfAShortIntervalOnlyTheirOwnAreShown) {
  write_hours();
  work_ahead();
  const auto first = addresses({samples::start_time(), samples::start_time() + 30min});
  EXPECT_EQ(first, (std::multiset<std::string>{"0@example.net", "ana@example.org"}));
}

TEST_F(MergedHours, WhatRetentionDroppedIsForgotten) {
  write_hours();
  work_ahead();
  clock_.advance(20h);
  commit({simple_leg(0, samples::start_time() + 27h, "new@example.net")},
         samples::start_time() + 27h);
  samples::work_until_done(*writer_);
  const auto left = samples::shard_files(directory_.path()).size();
  ASSERT_LT(left, std::size_t{kHours});
  work_ahead();
  const auto list = writer_->snapshot()->merged_addresses->list();
  ASSERT_NE(list, nullptr);
  for (const auto& view : writer_->snapshot()->files)
    EXPECT_EQ(list->holds(view->serial), view->state.sealed);
  EXPECT_EQ(list->files.size(), left - 1);
}

TEST(MergedAddresses, AreShownAsBeforeWhileTheyAreMadeAnew) {
  const samples::TemporaryDirectory directory;
  const auto file_with = [&](const std::string& name, std::initializer_list<std::string_view> all) {
    auto database = Database::open(directory.path() / name, Database::Mode::create);
    EXPECT_TRUE(database);
    database->run("CREATE TABLE address(block INTEGER PRIMARY KEY, addresses BLOB NOT NULL)");
    std::string block;
    std::string_view previous;
    for (const auto address : all) {
      append_packed_address(block, previous, address);
      previous = address;
    }
    auto row = database->prepare("INSERT INTO address(addresses) VALUES(?1)");
    row.bind_blob(1, block);
    row.step();
    return std::move(*database);
  };
  auto first = file_with("1", {"ana@example.org", "eva@example.org"});
  auto second = file_with("2", {"bea@example.org", "eva@example.org"});
  auto incomplete = file_with("3", {});
  auto long_one = file_with("4", {std::string(80, 'x') + "@example.org"});
  const auto shown = [](const MergedAddresses& merged) {
    std::vector<std::string> all;
    const auto list = merged.list();
    EXPECT_TRUE(!list ||
                for_each_address_in(list->addresses, [&](std::string_view one, std::size_t) {
                  all.emplace_back(one);
                  return kSeeAll;
                }));
    return all;
  };
  MergedAddresses merged(64);
  EXPECT_EQ(merged.list(), nullptr);
  EXPECT_EQ(merged.next_of({1, 2, 3, 4}), 1U);
  merged.add(1, first);
  EXPECT_EQ(merged.next_of({1, 2, 3, 4}), 2U);
  merged.add(2, second);
  merged.add(3, incomplete);
  merged.add(4, long_one);
  EXPECT_EQ(merged.next_of({1, 2, 3, 4}), std::nullopt);
  const std::vector<std::string> all = {"ana@example.org", "bea@example.org", "eva@example.org"};
  EXPECT_EQ(shown(merged), all);
  EXPECT_FALSE(merged.list()->holds(3));
  EXPECT_FALSE(merged.list()->holds(4));
  EXPECT_EQ(merged.next_of({2, 3, 4}), 2U);  // the first is gone
  EXPECT_EQ(shown(merged), all);
  merged.add(2, second);
  merged.add(3, incomplete);
  merged.add(4, long_one);
  EXPECT_EQ(merged.next_of({2, 3, 4}), std::nullopt);
  EXPECT_EQ(shown(merged), (std::vector<std::string>{"bea@example.org", "eva@example.org"}));
}

TEST_F(AddressBlocks, ABlockThatIsDamagedEndsThereAndHarmsNothing) {
  open();
  commit({simple_leg(0, samples::start_time(), "juan@example.com")}, samples::start_time() + 1min);
  seal();
  auto path = samples::shard_files(directory_.path()).front();
  auto database = Database::open(path, Database::Mode::read_write);
  ASSERT_TRUE(database);
  database->run("UPDATE address SET addresses = x'00ffffffffffffffffff01'");
  ASSERT_TRUE(database->take_error());
  std::size_t found = 0;
  for_each_packed_address(*database, [&](std::string_view, std::size_t) {
    ++found;
    return kSeeAll;
  });
  EXPECT_EQ(found, 0U);
  EXPECT_TRUE(database->take_error());
}

TEST_F(AddressBlocks, AnHourWithTooManySaysThatSomeAreMissing) {
  open();
  commit({simple_leg(0, samples::start_time(), "juan@example.com"),
          simple_leg(1, samples::start_time(), "eva@example.com")},
         samples::start_time() + 1min);
  seal();
  auto database =
      Database::open(samples::shard_files(directory_.path()).front(), Database::Mode::read_write);
  ASSERT_TRUE(database);
  const auto pack = [&](std::size_t most) {
    AddressPacker packer(most);
    while (!packer.work_some(*database, 1'000)) {
    }
    std::set<std::string> kept;
    const bool all = for_each_packed_address(*database, [&](std::string_view one, std::size_t) {
      kept.emplace(one);
      return kSeeAll;
    });
    return std::pair(kept.size(), all);
  };
  EXPECT_EQ(pack(3), std::pair(std::size_t{3}, true));  // and ana@example.org
  EXPECT_EQ(pack(2), std::pair(std::size_t{2}, false));
  EXPECT_TRUE(database->take_error());
}

TEST_F(AddressBlocks, ASealingThatWasCutShortBeginsAgain) {
  open();
  commit({simple_leg(0, samples::start_time(), "juan@example.com")}, samples::start_time() + 1min);
  clock_.advance(1h);
  commit({simple_leg(1, samples::start_time() + 1h, "later@example.com")},
         samples::start_time() + 1h);
  ASSERT_TRUE(writer_->work_a_slice());
  reopen();
  samples::work_until_done(*writer_);
  EXPECT_EQ(addresses({samples::start_time(), samples::start_time() + 30min}),
            (std::multiset<std::string>{"ana@example.org", "juan@example.com"}));
}

}  // namespace
}  // namespace rastro
