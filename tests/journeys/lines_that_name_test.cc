// Lines that name an address and tell of no message by it: nobody may say of that address that no
// line names it. Logs derived from the programs' format strings.
#include <string>
#include <vector>

#include "daemon/answer/find_request.h"
#include "daemon/answer/nearby.h"
#include "daemon/answer/search.h"
#include "gmock/gmock.h"
#include "tests/journeys/log_player.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;

// 2026-11-24T10:01:00Z
constexpr Time kAskedAt{std::chrono::microseconds(1'795'514'460'000'000)};

class LinesThatNameTest : public testing::Test {
 protected:
  void play(std::vector<std::string> lines) {
    for (auto& line : lines) line = "2026-11-24T10:00:30+00:00 mx1 " + line;
    // So that the index holds a message at all.
    lines.emplace_back(
        "2026-11-24T10:00:31+00:00 mx1 postfix/qmgr[8]: BB2F1A0E5D: from=<luis@example.com>, "
        "size=900, nrcpt=1 (queue active)");
    lines.emplace_back(
        "2026-11-24T10:00:31+00:00 mx1 postfix/virtual[8]: BB2F1A0E5D: to=<eva@example.org>, "
        "relay=virtual, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (delivered to maildir)");
    player_ = std::make_unique<LogPlayer>(
        std::vector<Log>{Log{"/var/log/mail.log", "mx1", false, std::move(lines)}});
    player_->play_all();
    player_->flush();
  }
  Absence absence_of(const std::string& to) {
    FindRequest request;
    request.recipient.emplace(to);
    request.range = {kAskedAt - 2min, kAskedAt};
    const auto found = find_journeys(player_->index(), request, 0ms, clock_);
    EXPECT_TRUE(found && found->items.empty());
    const auto nearby = look_nearby(player_->index(), request, 0ms, clock_);
    EXPECT_TRUE(nearby);
    Coverage complete;
    complete.complete = true;
    return nearby ? prove_absence(request, complete, *nearby, false) : Absence();
  }
  void expect_named(const std::string& to) {
    const auto absence = absence_of(to);
    EXPECT_FALSE(absence.proven);
    EXPECT_EQ(absence.code, "lines_name_it");
    EXPECT_THAT(absence.why(Language::en), testing::HasSubstr("1 line "));
  }
  std::unique_ptr<LogPlayer> player_;
  ManualClock clock_{kAskedAt};
};

TEST_F(LinesThatNameTest, WhatIsNamedNowhereIsAbsent) {
  play({});
  EXPECT_TRUE(absence_of("juan@example.org").proven);
}

TEST_F(LinesThatNameTest, ADeliveryThatWasCutOffNamesItsRecipient) {
  play(
      {"postfix/smtp[9]: AA2F1A0E5D: to=<juan@example.org>, relay=mx.example.net[192.0.2.9]:25, "
       "delay=1.2, delays=0.1/0/0.5/0.6, dsn=2.0.0, status=se"});
  expect_named("juan@example.org");
  EXPECT_TRUE(absence_of("rosa@example.org").proven);
}

TEST_F(LinesThatNameTest, AWarningInPlaceOfARefusalNamesWhomItWasAbout) {
  play({"postfix/smtpd[9]: connect from mx.example.net[192.0.2.7]",
        "postfix/smtpd[9]: NOQUEUE: reject_warning: RCPT from mx.example.net[192.0.2.7]: 554 5.7.1 "
        "Service unavailable; Client host [192.0.2.7] blocked using zen.example.com; "
        "from=<ana@example.net> to=<juan@example.org> proto=ESMTP helo=<mx.example.net>",
        "postfix/smtpd[9]: disconnect from mx.example.net[192.0.2.7] ehlo=1 mail=1 rcpt=0/1 "
        "commands=2/3"});
  EXPECT_FALSE(absence_of("juan@example.org").proven);
  EXPECT_EQ(absence_of("juan@example.org").code, "lines_name_it");
}

TEST_F(LinesThatNameTest, AProbeNamesWhomItAskedFor) {
  play(
      {"postfix/smtp[9]: AA2F1A0E5D: to=<juan@example.org>, relay=mx.example.net[192.0.2.9]:25, "
       "delay=1.2, delays=0.1/0/0.5/0.6, dsn=2.0.0, status=deliverable (250 2.1.5 Ok)"});
  expect_named("juan@example.org");
}

TEST_F(LinesThatNameTest, ACompanionWithoutItsMessageNamesTheRecipient) {
  play(
      {"postgrey[7]: action=greylist, reason=new, client_name=mx.example.net, "
       "client_address=192.0.2.7, sender=ana@example.net, recipient=juan@example.org",
       "dovecot: lmtp(rosa@example.org)<12><abcdefghijklmnopqrst>: msgid=<m7@example.net>: saved "
       "mail to INBOX"});
  player_->end_of_logs();
  expect_named("juan@example.org");
  expect_named("rosa@example.org");
}

TEST_F(LinesThatNameTest, StandInAHostsLog) {
  play(
      {"postgrey[7]: action=greylist, reason=new, client_name=mx.example.net, "
       "client_address=192.0.2.7, sender=ana@example.net, recipient=juan@example.org",
       "dovecot: lmtp(rosa@example.org)<12><abcdefghijklmnopqrst>: msgid=<m7@example.net>: saved "
       "mail to INBOX",
       "postfix/smtpd[9]: connect from mx.example.net[192.0.2.7]",
       "postfix/smtpd[9]: NOQUEUE: reject_warning: RCPT from mx.example.net[192.0.2.7]: 554 5.7.1 "
       "no; from=<ana@example.net> to=<luis@example.org> proto=ESMTP helo=<mx.example.net>",
       "postfix/smtp[9]: AA2F1A0E5D: to=<eva@example.com>, relay=mx.example.net[192.0.2.9]:25, "
       "delay=1.2, delays=0.1/0/0.5/0.6, dsn=2.0.0, status=se"});
  player_->end_of_logs();
  std::size_t named = 0;
  for (const auto& seen : player_->index().encounters) {
    if (seen.kind != Encounter::Kind::named) continue;
    ++named;
    EXPECT_EQ(seen.host, "mx1") << seen.login;
  }
  EXPECT_EQ(named, 4U);
}

// It may leave by an id that this log does not have.
TEST_F(LinesThatNameTest, AMailboxsRulesNameWhomTheySentItOnTo) {
  play(
      {"dovecot: lmtp(rosa@example.org)<12><abcdefghijklmnopqrst>: sieve: msgid=<m7@example.net>: "
       "forwarded to <eva@example.com>"});
  expect_named("eva@example.com");
}

// What the filter made of it has an id that no line tells.
TEST_F(LinesThatNameTest, WhatAProxyFilterTookNamesBoth) {
  play(
      {"postfix/smtpd[9]: proxy-accept: END-OF-MESSAGE: 250 2.0.0 taken; from=<ana@example.net> "
       "to=<juan@example.org> proto=ESMTP helo=<mx.example.net>"});
  expect_named("juan@example.org");
  EXPECT_EQ(player_->index().encounters.size(), 2U);
}

TEST_F(LinesThatNameTest, WhatACompanionSaidOfAMessageIsNoLineOfItsOwn) {
  play(
      {"postgrey[7]: action=greylist, reason=new, client_name=mx.example.net, "
       "client_address=192.0.2.7, sender=ana@example.net, recipient=juan@example.org",
       "postfix/smtpd[9]: NOQUEUE: reject: RCPT from mx.example.net[192.0.2.7]: 450 4.2.0 "
       "<juan@example.org>: Recipient address rejected: Greylisted; from=<ana@example.net> "
       "to=<juan@example.org> proto=ESMTP helo=<mx.example.net>"});
  player_->end_of_logs();
  EXPECT_THAT(player_->index().encounters, testing::IsEmpty());
}

}  // namespace
}  // namespace rastro
