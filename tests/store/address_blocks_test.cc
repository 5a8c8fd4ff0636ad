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
