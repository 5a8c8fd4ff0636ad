// What is explained of one recipient where the journey has several: what stands beside the
// recipients is told of those alone that it is about. Lines derived from Postfix' format strings
// (src/smtpd/smtpd_check.c, src/global/log_adhoc.c, src/bounce/bounce_notify_service.c).
#include <boost/json.hpp>
#include <map>
#include <string>
#include <vector>

#include "daemon/answer/journey_json.h"
#include "gmock/gmock.h"
#include "tests/journeys/log_player.h"

namespace rastro {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// Of the first journey: recipient -> text of the explanation.
std::map<std::string, std::string> explained(const std::vector<std::string>& texts) {
  static const auto kExplainer = Explainer::create().value();
  Log log{"/var/log/mail.log", "mx1", false, {}};
  for (const auto& text : texts) {
    log.lines.push_back("2026-11-24T" + text.substr(0, 8) + "+00:00 mx1 postfix/" + text.substr(9));
  }
  LogPlayer player({std::move(log)});
  player.play_all();
  player.flush();
  std::map<std::string, std::string> out;
  if (player.index().legs.empty()) return out;
  const auto journey = assemble(player.index(), player.index().legs.begin()->first);
  if (!journey || !*journey) return out;
  JourneyJsonOptions options;
  options.explainer = &kExplainer;
  const auto told = to_json(**journey, options);
  for (const auto& to : told.at("recipients").as_array()) {
    out[std::string(to.at("recipient").as_string())] =
        std::string(to.at("explanation").at("text").as_string());
  }
  return out;
}

std::string put_off(const std::string& clock, const std::string& id, const std::string& to) {
  return clock + " smtpd[11]: " + id +
         ": reject: RCPT from mx.example.net[192.0.2.7]: 450 4.2.0 <" + to +
         ">: Recipient address rejected: Greylisted; from=<a@example.net> to=<" + to +
         "> proto=ESMTP helo=<mx.example.net>";
}

TEST(ExplainedRetry, IsToldOfThoseWhoWereTakenLater) {
  const auto take = [](std::vector<std::string> lines, const std::string& to) {
    lines.push_back("10:10:00 cleanup[12]: A00001: message-id=<m1@example.net>");
    lines.push_back(
        "10:10:00 qmgr[13]: A00001: from=<a@example.net>, size=9, nrcpt=1 (queue active)");
    lines.push_back("10:10:01 virtual[14]: A00001: to=<" + to +
                    ", relay=virtual, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (delivered "
                    "to maildir)");
    return lines;
  };
  const std::vector<std::string> first = {put_off("10:00:00", "NOQUEUE", "ana@example.org"),
                                          put_off("10:00:00", "NOQUEUE", "bob@example.org")};
  auto again = first;
  again.push_back("10:10:00 smtpd[15]: A00001: client=mx.example.net[192.0.2.7]");
  auto refused_again = again;
  refused_again.push_back(put_off("10:10:00", "A00001", "bob@example.org"));
  for (const auto& lines : {take(again, "ana@example.org>"),
                            take(again, "box7@example.org>, orig_to=<ana@example.org>"),
                            take(refused_again, "ana@example.org>")}) {
    auto told = explained(lines);
    ASSERT_EQ(told.size(), 2U);
    EXPECT_THAT(told["ana@example.org"], HasSubstr("came back, and then the message was accepted"));
    EXPECT_THAT(told["bob@example.org"],
                AllOf(HasSubstr("for now"), Not(HasSubstr("message was accepted"))));
  }
}

TEST(ExplainedReport, IsOfTheRecipientWhoFailedBeforeIt) {
  const auto bounced = [](const std::string& clock, const std::string& to) {
    return clock + " smtp[14]: A00001: to=<" + to +
           ">, relay=mx.example.com[203.0.113.7]:25, delay=1, delays=0/0/0/1, dsn=5.1.1, "
           "status=bounced (host mx.example.com[203.0.113.7] said: 550 5.1.1 no such user (in "
           "reply "
           "to RCPT TO command))";
  };
  const auto reported = [](std::vector<std::string>& lines, const std::string& clock,
                           const std::string& id, const std::string& end) {
    lines.push_back(clock + " bounce[16]: A00001: sender non-delivery notification: " + id);
    lines.push_back(clock + " cleanup[12]: " + id + ": message-id=<" + id + "@mx1>");
    lines.push_back(clock + " qmgr[13]: " + id + ": from=<>, size=9, nrcpt=1 (queue active)");
    lines.push_back(clock + " lmtp[17]: " + id +
                    ": to=<s@example.org>, relay=mx1[private/lmtp], delay=1, delays=0/0/0/1, " +
                    end);
    lines.push_back(clock + " qmgr[13]: " + id + ": removed");
  };
  std::vector<std::string> lines = {
      "10:00:00 smtpd[11]: A00001: client=pc.example.org[192.0.2.8], sasl_method=PLAIN, "
      "sasl_username=s@example.org",
      "10:00:00 cleanup[12]: A00001: message-id=<m1@example.org>",
      "10:00:00 qmgr[13]: A00001: from=<s@example.org>, size=9, nrcpt=3 (queue active)",
      bounced("10:00:01", "ana@example.com")};
  reported(lines, "10:00:02", "A00002",
           "dsn=5.2.2, status=bounced (host mx1[private/lmtp] said: 552 5.2.2 Quota exceeded)");
  lines.push_back(bounced("12:00:01", "bob@example.com"));
  const auto failed = HasSubstr("could not be delivered either");
  // The log ends before bob's report.
  auto told = explained(lines);
  EXPECT_THAT(told["ana@example.com"], failed);
  EXPECT_THAT(told["bob@example.com"], Not(failed));
  reported(lines, "12:00:02", "A00003", "dsn=2.0.0, status=sent (250 2.0.0 Saved)");
  lines.push_back(bounced("13:00:01", "cleo@example.com"));
  reported(lines, "13:00:02", "A00004",
           "dsn=5.2.2, status=bounced (host mx1[private/lmtp] said: 552 5.2.2 Quota exceeded)");
  told = explained(lines);
  EXPECT_THAT(told["ana@example.com"], failed);
  EXPECT_THAT(told["bob@example.com"], Not(failed));
  EXPECT_THAT(told["cleo@example.com"], failed);
}

}  // namespace
}  // namespace rastro
