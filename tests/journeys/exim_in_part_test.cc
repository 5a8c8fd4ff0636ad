// Lines of which one field has a form that no Exim known here writes: a newer release, a patched
// one, a hand that changed the log. Derived from src/deliver.c of 4.96 with such a field put in.
#include <string>
#include <vector>

#include "daemon/line_counters.h"
#include "gmock/gmock.h"
#include "tests/journeys/answers.h"
#include "tests/journeys/log_player.h"

namespace rastro {
namespace {

using testing::ElementsAre;

std::vector<std::string> ends_behind(const std::string& line) {
  const std::string id = "2026-11-24 10:00:00 1xVgXy-0000cP-1l ";
  return ends_of({id + "<= ana@example.org H=pc [192.0.2.8] P=esmtpa A=plain:ana S=300", id + line,
                  id + "Completed"});
}

struct PartCase {
  std::string name;
  std::string line;
  std::string want;
  friend void PrintTo(const PartCase& c, std::ostream* os) { *os << c.name; }
};
class EximPartOfLine : public testing::TestWithParam<PartCase> {};
TEST_P(EximPartOfLine, KeepsWhatIsKnown) {
  EXPECT_THAT(ends_behind(GetParam().line), ElementsAre(GetParam().want));
}
INSTANTIATE_TEST_SUITE_P(
    , EximPartOfLine,
    testing::Values(
        PartCase{
            "delivery_with_a_new_field",
            "=> bo@example.net R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.9] NEWF=abc "
            "C=\"250 OK id=1xyz\"",
            "bo@example.net delivered"},
        PartCase{"delivery_with_a_new_flag_in_front",
                 "=> bo@example.net NEW R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.9]",
                 "bo@example.net delivered"},
        PartCase{"delivery_with_a_bare_sender",
                 "=> bo@example.net F=ana@example.org R=dnslookup T=remote_smtp H=mx [192.0.2.9]",
                 "bo@example.net delivered"},
        PartCase{"delivery_with_an_unknown_time",
                 "=> bo@example.net R=dnslookup T=remote_smtp H=mx [192.0.2.9] QT=1.2.3",
                 "bo@example.net delivered"},
        PartCase{"delivery_with_words_behind",
                 "=> bo@example.net R=dnslookup T=remote_smtp H=mx [192.0.2.9] and so on",
                 "bo@example.net delivered"},
        PartCase{"failure_with_a_new_field",
                 "** bo@example.net R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.9] ZZ=7: "
                 "SMTP error from remote mail server after RCPT TO:<bo@example.net>: 550 5.1.1 no "
                 "such user",
                 "bo@example.net bounced user_unknown"},
        PartCase{"failure_with_a_bare_sender",
                 "** bo@example.net F=ana@example.org R=dnslookup T=remote_smtp: mailbox is full",
                 "bo@example.net bounced mailbox_full"}),
    [](const auto& tested) { return tested.param.name; });

TEST(EximLineInPart, OfADeferralSaysWhyItWaits) {
  const std::string id = "2026-11-24 10:00:00 1xVgXy-0000cP-1l ";
  EXPECT_THAT(ends_of({id + "== bo@example.net F=ana@example.org R=dnslookup T=remote_smtp NEW=1 "
                            "defer (-44) H=mx.example.net [192.0.2.9]: SMTP error from remote mail "
                            "server after RCPT TO:<bo@example.net>: 452 4.2.2 mailbox is full"}),
              ElementsAre("bo@example.net deferred mailbox_full"));
}

// Whom it is about must not be in doubt: the message has no end for anybody then.
TEST(EximLineInPart, NamesNobodyWhereTheAddressIsInDoubt) {
  for (const std::string line :
       {"=> bo T=remote_smtp and eva@example.net <\"bo T=x and eva\"@example.org> R=r",
        "=> bo@example.net NEW=1", "** bo x eva@example.net: no such user"}) {
    EXPECT_THAT(ends_behind(line), testing::IsEmpty()) << line;
  }
}

// It is read in part only: the account says so.
TEST(EximLineInPart, IsCountedAsNotUnderstood) {
  LogPlayer player({Log{"/var/log/exim4/mainlog",
                        "mx1",
                        false,
                        {"2026-11-24 10:00:00 1xVgXy-0000cP-1l => bo@example.net R=r T=t NEW=1"}}});
  player.play_all();
  EXPECT_EQ(player.unrecognised(), 1U);
}

}  // namespace
}  // namespace rastro
