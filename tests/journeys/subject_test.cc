// Subjects that header_checks(5) logs, as src/cleanup/cleanup_message.c prints them.
#include <boost/json.hpp>
#include <string>
#include <vector>

#include "daemon/answer/journey_json.h"
#include "daemon/answer/search.h"
#include "gmock/gmock.h"
#include "tests/journeys/log_player.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;

LogPlayer played(const std::string& check) {
  const auto line = [](const std::string& text) {
    return "2026-11-24T10:00:00+00:00 mx1 postfix/" + text;
  };
  Log log{"/var/log/mail.log",
          "mx1",
          false,
          {line("smtpd[9]: AA2F1A0E5D: client=mx.example.net[192.0.2.7]"),
           line("cleanup[8]: AA2F1A0E5D: " + check),
           line("cleanup[8]: AA2F1A0E5D: message-id=<m1@example.net>"),
           line("qmgr[13]: AA2F1A0E5D: from=<a@example.net>, size=9, nrcpt=1 (queue active)")}};
  LogPlayer player({std::move(log)});
  player.play_all();
  player.flush();
  return player;
}

std::string subject_of(const std::string& check) {
  auto player = played(check);
  const auto journey = assemble(player.index(), player.index().legs.begin()->first);
  const auto subject = to_json(**journey, {}).at("subject");
  return subject.is_null() ? "none" : std::string(subject.as_string());
}

constexpr const char* kEnvelope =
    " from mx.example.net[192.0.2.7]; from=<a@example.net> to=<b@example.org> proto=ESMTP "
    "helo=<mx.example.net>";

TEST(Subject, IsWhatPostfixWasToldToLog) {
  EXPECT_EQ(subject_of(std::string("info: header Subject: Offer for July") + kEnvelope),
            "Offer for July");
  EXPECT_EQ(subject_of(std::string("warning: header subject: Offer") + kEnvelope + ": noticed"),
            "Offer");
  EXPECT_EQ(subject_of(std::string("info: header Subject: =?UTF-8?Q?Factura_n=C3=BAmero_7?=") +
                       kEnvelope),
            "Factura n\u00famero 7");
}

TEST(Subject, OfAnAttachedMessageOrWithAnEnvelopeOfItsOwnIsNone) {
  EXPECT_EQ(subject_of(std::string("info: nested-header Subject: inner") + kEnvelope), "none");
  EXPECT_EQ(subject_of(std::string("info: body Subject: in the text") + kEnvelope), "none");
  EXPECT_EQ(subject_of(std::string("info: header Subject: x") + kEnvelope + kEnvelope), "none");
  EXPECT_EQ(subject_of(std::string("info: header X-Subject: x") + kEnvelope), "none");
}

TEST(Subject, FindsItsMessageInWhateverFormItWasSent) {
  auto player =
      played(std::string("info: header Subject: =?UTF-8?Q?Factura_n=C3=BAmero_7?=") + kEnvelope);
  const ManualClock clock{Time(std::chrono::seconds(1'795'514'460))};
  FindRequest request;
  request.subject = "factura n\u00famero";
  const auto found = find_journeys(player.index(), request, 0ms, clock);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->items.size(), 1U);
}

}  // namespace
}  // namespace rastro
