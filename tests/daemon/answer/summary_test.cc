#include "daemon/answer/summary.h"

#include <gmock/gmock.h>

#include "tests/store/writer_fixture.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;
using samples::deferred_leg;
using samples::simple_leg;

class Summaries : public WriterFixture {
 protected:
  void SetUp() override { open(); }
  Summary sum(SummaryBy by) {
    auto reader = samples::reader_of(*writer_);
    auto summary = summarize(*reader, {}, by, 10, {Duration::zero()});
    EXPECT_TRUE(summary);
    return std::move(*summary);
  }
  const Time start_ = samples::start_time();
};

TEST_F(Summaries, CountMessagesAndWhatBecameOfThem) {
  auto bulk = simple_leg(1, start_, "juan@example.com");
  bulk.submission.login = "Shop";
  bulk.size_bytes = 1000;
  bulk.recipients.push_back(deferred_leg(1, start_, "eva@example.net").recipients[0]);
  commit({bulk, simple_leg(2, start_ + 1s, "juan@example.com")}, start_ + 10s);
  const auto logins = sum(SummaryBy::login);
  ASSERT_EQ(logins.rows.size(), 2U);
  EXPECT_EQ(logins.total.messages, 2U);
  const auto shop = std::ranges::find(logins.rows, "shop", &SummaryRow::key);
  ASSERT_NE(shop, logins.rows.end());
  EXPECT_EQ(shop->bytes, 1000U);
  EXPECT_EQ(shop->recipients[static_cast<std::size_t>(Outcome::deferred)], 1U);
  const auto domains = sum(SummaryBy::domain);
  EXPECT_EQ(domains.rows[0].key, "example.com");
  EXPECT_EQ(domains.rows[0].messages, 2U);
  EXPECT_EQ(domains.rows[1].messages, 1U);
}

TEST_F(Summaries, AMessageThatAFilterHandsBackIsOne) {
  auto outer = simple_leg(1, start_, "juan@example.com");
  LegLink link;
  link.kind = LegLink::Kind::filter;
  link.direction = LegLink::Direction::child;
  link.claimed_by_peer = false;
  link.queue_id = "Q2";
  link.recipient = 0;
  link.at = start_ + 1s;
  outer.links = {link};
  auto inner = simple_leg(2, start_ + 1s, "juan@example.com");
  inner.submission.client = {"localhost", "127.0.0.1", 0};
  auto program = simple_leg(3, start_ + 2s, "juan@example.com");
  program.submission.client = {"localhost", "127.0.0.1", 0};
  commit({outer, inner, program}, start_ + 10s);
  const auto senders = sum(SummaryBy::sender);
  EXPECT_EQ(senders.total.messages, 2U);
  EXPECT_EQ(senders.total.recipients[static_cast<std::size_t>(Outcome::delivered)], 2U);
}

TEST_F(Summaries, DeferralsAreThoseThatWaitNow) {
  commit({deferred_leg(1, start_, "juan@gmail.com"), deferred_leg(2, start_ + 1s, "eva@gmail.com"),
          deferred_leg(3, start_ + 2s, "pia@example.net")},
         start_ + 10s);
  commit({simple_leg(3, start_ + 2s, "pia@example.net")}, start_ + 20s);
  auto reader = samples::reader_of(*writer_);
  const auto by_domain = list_deferrals(*reader, {}, DeferralsBy::domain, 10, {Duration::zero()});
  ASSERT_TRUE(by_domain);
  ASSERT_EQ(by_domain->rows.size(), 1U);
  EXPECT_EQ(by_domain->rows[0].key, "gmail.com");
  EXPECT_EQ(by_domain->rows[0].recipients, 2U);
  EXPECT_EQ(by_domain->rows[0].oldest_arrived_at, start_);
}

TEST(Provider, IsToldByTheServerThenByTheDomain) {
  EXPECT_EQ(provider_of("gmail-smtp-in.l.google.com", "firm.example"), "google");
  EXPECT_EQ(provider_of("", "hotmail.com"), "microsoft");
  EXPECT_EQ(provider_of("firm.mail.protection.outlook.com", "firm.example"), "microsoft");
  EXPECT_EQ(provider_of("mx.notgoogle.com", "firm.example"), "other");
}

}  // namespace
}  // namespace rastro
