#include "daemon/answer/misspelt.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "core/address.h"
#include "core/edit_distance.h"
#include "tests/store/writer_fixture.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;

class Misspelt : public WriterFixture {
 protected:
  void commit_addresses(const std::set<std::string>& addresses) {
    open();
    std::vector<LegRecord> legs;
    for (const auto& address : addresses)
      legs.push_back(samples::simple_leg(legs.size(), samples::start_time(), address));
    commit(std::move(legs), samples::start_time());
  }
  void seal() {
    clock_.advance(1h);
    commit({samples::simple_leg(900'000, clock_.wall(),
                                "zzzzzzzzzzzzzzzzzzzzzzzzzz@later.example.com")},
           clock_.wall());
    samples::work_until_done(*writer_);
  }
  std::map<std::string, std::size_t> near(const std::string& asked) {
    auto reader = samples::reader_of(*writer_);
    const auto found =
        near_addresses(*reader, AddressPattern(asked), {}, QueryLimits{Duration::zero()});
    EXPECT_TRUE(found);
    std::map<std::string, std::size_t> out;
    for (const auto& one : found->addresses) out[one.address] = one.steps;
    return out;
  }
};

// As it is defined: at most two steps in all, or the same local part at another domain.
std::map<std::string, std::size_t> by_trying_all(const std::set<std::string>& addresses,
                                                 const std::string& asked) {
  std::map<std::string, std::size_t> out;
  const auto want = split_address(asked);
  for (const auto& address : addresses) {
    const auto parts = split_address(address);
    const auto steps = edit_distance(address, asked, kStepsMax);
    const bool other_domain = !want.domain.empty() && !parts.domain.empty() &&
                              parts.local_part == want.local_part && parts.domain != want.domain;
    if (steps > 0 && steps <= kStepsMax) {
      out[address] = steps;
    } else if (other_domain) {
      out[address] = is_same_name(want.domain, parts.domain) ? kSameNameSteps : kOtherDomainSteps;
    }
  }
  return out;
}

// Few letters and short names: most addresses are near each other, and share their first bytes.
TEST_F(Misspelt, FindsWhatTryingAllFinds) {
  std::mt19937_64 random(17);
  const auto word = [&random](std::size_t most) {
    std::string out;
    for (auto size = 1 + random() % most; size > 0; --size)
      out += static_cast<char>('a' + random() % 3);
    return out;
  };
  std::set<std::string> addresses = {"ana@example.org", "a", "ab", "\"a@b\"@c.example"};
  while (addresses.size() < 8'000) addresses.insert(word(7) + "@" + word(4) + ".ex");
  commit_addresses(addresses);
  std::vector<std::string> asked = {
      "ana@example.org",  "anna@example.org", "aan@exampel.org", "a@b.ex", "b@a",
      "\"a@b\"@b.example"};
  for (int i = 0; i < 150; ++i) asked.push_back(word(8) + "@" + word(5) + ".ex");
  for (const bool sealed : {false, true}) {
    if (sealed) seal();
    for (const auto& one : asked) {
      ASSERT_EQ(near(one), by_trying_all(addresses, one))
          << one << (sealed ? ", sealed" : ", open");
    }
  }
}

TEST_F(Misspelt, AWordIsALocalPartOrOneOfADomainsNames) {
  commit_addresses({"juan@example.com", "jaun@example.net", "pedro@moody.example.org"});
  EXPECT_EQ(near("juan"), (std::map<std::string, std::size_t>{{"jaun@example.net", 1}}));
  EXPECT_EQ(near("moody"), (std::map<std::string, std::size_t>{{"@moody.example.org", 1}}));
}

TEST_F(Misspelt, TheOpenHourIsReadOn) {
  commit_addresses({"juan@example.com"});
  EXPECT_EQ(near("jaun@example.com").size(), 1U);
  commit({samples::simple_leg(10, samples::start_time() + 1s, "juana@example.com")},
         samples::start_time() + 1s);
  EXPECT_EQ(near("juan@example.com"),
            (std::map<std::string, std::size_t>{{"juana@example.com", 1}}));
}

}  // namespace
}  // namespace rastro
