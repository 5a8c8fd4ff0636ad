// Labels of reasons: said of the side that gave them.
#include <boost/json.hpp>
#include <string>

#include "cli/render.h"
#include "cli/texts.h"
#include "cli/typed_names.h"
#include "core/journey.h"
#include "gtest/gtest.h"

namespace rastro::cli {
namespace {

std::string label(const std::string& recipient) {
  View view;
  return reason_text(boost::json::parse(recipient).as_object(), view);
}

TEST(ReasonText, TellsWhichSideGaveIt) {
  const std::string theirs = R"(,"outcome":"bounced","reply_code":550,"relay":{"ip":"192.0.2.7"}})";
  const std::string refused = R"(,"outcome":"rejected","reply_code":451,"relay":null})";
  const std::string routed = R"(,"outcome":"bounced","reply_code":null,"relay":null,"agent":null})";
  const std::string filter =
      R"(,"outcome":"deferred","reply_code":451,"relay":{"ip":"127.0.0.1"}})";
  const std::string policy = R"({"reason":"local_policy")";
  const std::string trouble = R"({"reason":"remote_error")";
  EXPECT_EQ(label(policy + theirs), "rule of the other server");
  EXPECT_EQ(label(policy + refused), "rule of this server");
  EXPECT_EQ(label(policy + routed), "rule of this server");
  EXPECT_EQ(label(trouble + theirs), "temporary trouble at that server");
  EXPECT_EQ(label(trouble + refused), "temporary trouble of this server");
  EXPECT_EQ(label(trouble + filter), "temporary trouble of this server");
  // Exim's "retry time not reached" names no server.
  EXPECT_EQ(label(trouble + routed), "temporary trouble of a server");
}

TEST(ReasonText, OfWhatAnAdministratorDid) {
  EXPECT_EQ(
      label(R"({"reason":"local_policy","outcome":"bounced","reply_text":"cancelled by root"})"),
      "cancelled by an administrator");
  EXPECT_EQ(
      label(R"({"reason":"greylisted","outcome":"deleted","reply_text":"450 4.2.0 Greylisted"})"),
      "");
}

TEST(ReasonText, OfWordsThatSayMoreThanTheReason) {
  const std::string unverified =
      R"("reply_text":"<a@example.org>: Sender address rejected: unverified address: x"})";
  EXPECT_EQ(label(R"({"reason":"remote_error","outcome":"rejected",)" + unverified),
            "address not checked yet");
  EXPECT_EQ(label(R"({"reason":"syntax","outcome":"bounced",)"
                  R"("reply_text":"SMTPUTF8 is required, but was not offered by host mx"})"),
            "no accented addresses there");
  EXPECT_EQ(label(R"({"reason":"local_config","outcome":"bounced",)"
                  R"("reply_text":"Command time limit exceeded: \"/bin/x\""})"),
            "a program of this server failed");
  EXPECT_EQ(label(R"({"reason":"local_policy","outcome":"bounced","agent":"error",)"
                  R"("reply_text":"no mail to this domain"})"),
            "rule of this server");
}

TEST(ReasonText, IsTypedWithEitherLabel) {
  EXPECT_EQ(api_names("reason_", "norma de este servidor"), "local_policy");
  EXPECT_EQ(api_names("reason_", "rule of the other server"), "local_policy");
  EXPECT_EQ(api_names("reason_", "problema temporal del otro servidor"), "remote_error");
}

TEST(Links, OfEveryKindHaveWords) {
  for (auto kind = LegLink::Kind::filter; kind <= LegLink::Kind::report;
       kind = static_cast<LegLink::Kind>(static_cast<int>(kind) + 1)) {
    for (const std::string side : {"child_", "parent_"})
      EXPECT_TRUE(find_text("link_", side + std::string(link_kind_name(kind))).has_value())
          << side << link_kind_name(kind);
  }
}

}  // namespace
}  // namespace rastro::cli
