#include "daemon/answer/nearby.h"

#include <gmock/gmock.h>

#include "tests/daemon/answer/search_fixture.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;
using samples::deferred_leg;
using samples::simple_leg;

class NearbySearch : public SearchFixture {
 protected:
  // Why the absence of what was asked is proven or not, over logs that were read completely.
  std::string_view absence(const Parameters& parameters) {
    const auto found = find(parameters);
    EXPECT_TRUE(found.items.empty());
    auto near = look_nearby(*reader_, request_, Duration::zero(), clock_);
    EXPECT_TRUE(near);
    near_ = std::move(*near);
    Coverage complete;
    complete.complete = true;
    complete.range = {start_, start_ + 1h};
    return prove_absence(request_, complete, near_, false, found.waiting_total).code;
  }
  static LegRecord by_login(std::uint64_t number, Time at, const std::string& login) {
    auto leg = simple_leg(number, at, "juan@example.com");
    leg.envelope_sender = login.find('@') == std::string::npos ? login + "@taller.example" : login;
    leg.submission.login = login;
    leg.submission.client = {"mx.electrica.example", "192.0.2.85", 0};
    return leg;
  }

  Nearby near_;
};

using Ids = std::vector<std::string>;

TEST_F(NearbySearch, ALoginIsFoundByItsPartBeforeTheAt) {
  commit({by_login(1, start_ + 1min, "ana@taller.example"), by_login(2, start_ + 2min, "web")},
         start_ + 5min);
  EXPECT_EQ(ids({{"login", "ana"}}), Ids{"Q1"});
  EXPECT_EQ(ids({{"login", "ANA@taller.example"}}), Ids{"Q1"});
  EXPECT_EQ(ids({{"login", "an"}}), Ids{});
  EXPECT_EQ(ids({{"login", "web"}}), Ids{"Q2"});
  EXPECT_EQ(ids({{"login", "ana"}, {"recipient", "juan@example.com"}}), Ids{"Q1"});
}

TEST_F(NearbySearch, HostsBelowANameAreMeantByIt) {
  auto leg = by_login(1, start_ + 1min, "ana@taller.example");
  leg.recipients[0].relay = {"gmail-smtp-in.l.google.com", "203.0.113.26", 25};
  leg.recipients[0].recipient = "eva@gmail.com";
  auto local = simple_leg(2, start_ + 2min, "pedro@taller.example");
  local.recipients[0].relay = {"mx1.hostmx.example", "private/dovecot-lmtp", 0};
  local.recipients[0].agent = "lmtp";
  commit({leg, local}, start_ + 5min);
  EXPECT_EQ(ids({{"client", "electrica.example"}}), Ids{"Q1"});
  EXPECT_EQ(ids({{"client", "mx.electrica.example"}}), Ids{"Q1"});
  EXPECT_EQ(ids({{"client", "ica.example"}}), Ids{});
  EXPECT_EQ(ids({{"relay", "google.com"}}), Ids{"Q1"});
  // Google's own domain, whatever its hosts are called.
  EXPECT_EQ(ids({{"relay", "gmail.com"}}), Ids{"Q1"});
  EXPECT_EQ(ids({{"relay", "gmail.com"}, {"outcome", "delivered"}}), Ids{"Q1"});
  EXPECT_EQ(ids({{"relay", "taller.example"}}), Ids{});
}

TEST_F(NearbySearch, APartOfAnAddressProvesNothing) {
  commit({by_login(1, start_ + 1min, "ana@taller.example")}, start_ + 5min);
  const Parameters then = {{"until", "2026-03-31T23:00:00Z"}};
  EXPECT_EQ(absence({{"login", "lola"}}), "part_only");
  EXPECT_EQ(absence({{"login", "lola@taller"}}), "part_only");
  EXPECT_EQ(absence({{"client", "nobody.example"}}), "part_only");
  EXPECT_EQ(absence({{"sender", "@nobody.example"}}), "part_only");
  EXPECT_EQ(absence({{"domain", "nobody.example"}}), "part_only");
  EXPECT_EQ(absence({{"recipient", "pedro"}}), "part_only");
  EXPECT_EQ(absence({{"login", "lola@floristeria.example"}}), "proven");
  EXPECT_EQ(absence({{"client", "192.0.2.200"}}), "proven");
  EXPECT_EQ(absence({{"recipient", "pedro@nobody.example"}}), "proven");
}

TEST_F(NearbySearch, ALoginWithoutADomainIsWholeWhenItOccursAtAnyTime) {
  commit({by_login(1, start_ + 1min, "web")}, start_ + 5min);
  EXPECT_EQ(absence({{"login", "web"}, {"since", "2026-03-01T11:00:00Z"}}), "proven");
  EXPECT_EQ(absence({{"login", "wap"}, {"since", "2026-03-01T11:00:00Z"}}), "part_only");
}

TEST_F(NearbySearch, ANearSpellingThatFitsTheRestProvesNothing) {
  commit({by_login(1, start_ + 1min, "ana.ruiz@taller.example")}, start_ + 5min);
  EXPECT_EQ(absence({{"login", "ana.ruis@taller.example"}}), "near_spelling");
  ASSERT_FALSE(near_.suggestions.empty());
  EXPECT_EQ(near_.suggestions[0].parameter, "login");
  EXPECT_EQ(near_.suggestions[0].value, "ana.ruiz@taller.example");
  EXPECT_EQ(absence({{"login", "ana.ruiz@taller"}}), "near_spelling");
  EXPECT_EQ(absence({{"sender", "ana.ruiz@taller.es"}, {"recipient", "juan@example.com"}}),
            "near_spelling");
  // That one wrote to somebody else: neither wrote to eva.
  EXPECT_EQ(absence({{"sender", "ana.ruiz@taller.es"}, {"recipient", "eva@example.com"}}),
            "proven");
  EXPECT_EQ(absence({{"client", "mx.electrica.exmaple"}}), "near_spelling");
  ASSERT_FALSE(near_.suggestions.empty());
  EXPECT_EQ(near_.suggestions[0].value, "mx.electrica.example");
  absence({{"domain", "taler.example"}});
  ASSERT_FALSE(near_.suggestions.empty());
  EXPECT_EQ(near_.suggestions[0].parameter, "domain");
  EXPECT_EQ(near_.suggestions[0].value, "taller.example");
}

TEST_F(NearbySearch, ASuggestionCountsWhatItsQuestionFinds) {
  std::vector<LegRecord> legs;
  for (std::uint64_t i = 1; i <= 5; ++i)
    legs.push_back(simple_leg(i, start_ + i * 1min, "pedro@example.com"));
  legs.push_back(simple_leg(6, start_ + 40min, "pedro@example.com"));
  commit(legs, start_ + 50min);
  const Parameters asked = {{"recipient", "pedro@example.com"},
                            {"sender", "eva.perez@example.net"},
                            {"until", "2026-03-01T10:10:00Z"}};
  absence(asked);
  for (const auto& suggestion : near_.suggestions) {
    auto question = asked;
    for (const auto& name : suggestion.dropped) question.erase(name);
    question[suggestion.parameter] = suggestion.value;
    EXPECT_EQ(find(question).items.size(), suggestion.messages)
        << suggestion_kind_name(suggestion.kind);
  }
  EXPECT_THAT(near_.suggestions,
              testing::Contains(testing::AllOf(
                  testing::Field(&Suggestion::kind, Suggestion::Kind::same_recipient),
                  testing::Field(&Suggestion::messages, testing::AnyOf(5U, 6U)))));
}

TEST_F(NearbySearch, WhatOnlyWaitedThenIsNoHit) {
  auto waiting = deferred_leg(1, start_ + 1min, "juan@example.com");
  waiting.last_activity_at = start_ + 3h;
  waiting.recipients[0].last_attempt_at = start_ + 3h;
  waiting.recipients[0].attempts = 2;
  commit({waiting, simple_leg(2, start_ + 1h, "juan@example.com")}, start_ + 3h);
  const auto at = [&](Duration since_start) {
    const auto seconds =
        std::chrono::floor<std::chrono::seconds>((start_ + since_start).time_since_epoch());
    return std::to_string(seconds.count());
  };
  auto found = find({{"sender", "ana@example.org"}, {"at", at(1h)}, {"within", "10m"}});
  ASSERT_EQ(found.items.size(), 1U);
  EXPECT_EQ(found.items[0].journey.legs[0].queue_id, "Q2");
  ASSERT_EQ(found.waiting_then.size(), 1U);
  EXPECT_EQ(found.waiting_then[0].journey.legs[0].queue_id, "Q1");
  EXPECT_EQ(found.waiting_total, 1U);
  found = find({{"sender", "ana@example.org"}, {"at", at(3h)}, {"within", "10m"}});
  ASSERT_EQ(found.items.size(), 1U);
  EXPECT_EQ(found.waiting_total, 0U);
  EXPECT_EQ(absence({{"sender", "ana@example.org"}, {"at", at(2h)}, {"within", "10m"}}),
            "waiting_then");
}

TEST_F(NearbySearch, ASmallIndexIsCountedInFull) {
  std::vector<LegRecord> legs;
  for (std::uint64_t i = 1; i <= 92; ++i)
    legs.push_back(simple_leg(i, start_ + i * 1s, "juan@example.com"));
  commit(legs, start_ + 5min);
  for (const auto* limit : {"1", "2", "50"}) {
    for (const auto& extra : {Parameters{}, Parameters{{"outcome", "delivered"}}}) {
      auto parameters = extra;
      parameters["limit"] = limit;
      parameters["thorough"] = "1";
      const auto found = find(parameters);
      EXPECT_EQ(found.total, 92U);
      EXPECT_TRUE(found.total_is_exact);
      EXPECT_TRUE(found.more);
    }
  }
}

class RefusedLogins : public NearbySearch {
 protected:
  Encounter failed(Duration since_start, std::string login, std::string text) const {
    Encounter out;
    out.kind = Encounter::Kind::login_failed;
    out.at = start_ + since_start;
    out.login = std::move(login);
    out.client = {"", "192.0.2.99", 0};
    out.text = std::move(text);
    return out;
  }
  SeenWithoutMail seen(const Parameters& parameters) {
    find(parameters);
    auto out = seen_without_mail(*reader_, request_, {}, true);
    EXPECT_TRUE(out);
    return std::move(*out);
  }
};

TEST_F(RefusedLogins, AreToldBesideMessagesAndGrouped) {
  auto batch =
      samples::batch_of({by_login(1, start_ + 1min, "lola@flores.example")}, start_ + 30min);
  for (int i = 0; i < 4; ++i) {
    batch.encounters.push_back(failed(i * 1min, "lola@flores.example", "Password mismatch"));
    batch.encounters.push_back(
        failed(i * 1min + 1s, "lola@flores.example", "(reason unavailable)"));
  }
  batch.encounters.push_back(failed(6min, "Lola@flores.exampel", "unknown user"));
  batch.encounters.push_back(failed(6min, "eva@other.example", "unknown user"));
  samples::commit_or_die(*writer_, batch);
  const auto all = seen({{"login", "lola@flores.example"}});
  EXPECT_EQ(all.encounters.size(), 9U);
  EXPECT_TRUE(all.refused);
  EXPECT_EQ(told_once(all.encounters).size(), 5U);
  const auto groups = group_refused(all.encounters);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].cause, "unknown_user");
  EXPECT_EQ(groups[0].login, "Lola@flores.exampel");
  EXPECT_EQ(groups[1].cause, "wrong_password");
  EXPECT_EQ(groups[1].tries, 4U);
  EXPECT_EQ(groups[1].first, start_);
  EXPECT_EQ(groups[1].last, start_ + 3min);
  EXPECT_EQ(seen({{"login", "lola"}}).encounters.size(), 9U);
  EXPECT_TRUE(seen({{"recipient", "lola@flores.example"}}).encounters.empty());
  EXPECT_EQ(absence({{"login", "lolas@flores.example"}, {"until", "2026-03-01T09:59:00Z"}}),
            "near_spelling");
}

TEST(RefusalCause, IsReadFromTheWordsOfTheLog) {
  EXPECT_EQ(refusal_cause("Password mismatch (given password: x)"), "wrong_password");
  EXPECT_EQ(refusal_cause("unknown user"), "unknown_user");
  EXPECT_EQ(refusal_cause("535 Incorrect authentication data"), "wrong_login");
  EXPECT_EQ(refusal_cause("Connection lost to authentication server"), "server_trouble");
  EXPECT_EQ(refusal_cause("(reason unavailable)"), "");
  EXPECT_EQ(refusal_cause("Disconnected (auth failed, 2 attempts in 14 secs)"), "wrong_login");
}

TEST(NearSpelling, IsNoOtherPersonWithAShortName) {
  EXPECT_TRUE(is_near_spelling("notaria@notariagil.es", "notaria@notariagil.example"));
  EXPECT_TRUE(is_near_spelling("ana@taller", "ana@taller.example"));
  EXPECT_TRUE(is_near_spelling("ana@taller.example", "ana@mail.taller.example"));
  EXPECT_TRUE(is_near_spelling("jaun@example.com", "juan@example.com"));
  EXPECT_FALSE(is_near_spelling("ana@taller.example", "eva@taller.example"));
  EXPECT_FALSE(is_near_spelling("info@taller.example", "info@jardin.example"));
  EXPECT_FALSE(is_near_spelling("info@mail.taller.example", "info@mail.jardin.example"));
  EXPECT_FALSE(is_near_spelling("ana", "anna"));
}

}  // namespace
}  // namespace rastro
