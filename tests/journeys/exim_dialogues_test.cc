// What Exim says about dialogues and calls that it names by nothing but a client's address or by
// nothing at all. Derived from src/acl.c, src/receive.c and src/exim.c of 4.96.
#include <gmock/gmock.h>

#include "tests/journeys/jotted.h"
#include "tests/journeys/log_player.h"

namespace rastro {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::UnorderedElementsAre;

std::string clock_of_day(int seconds) {
  const auto two = [](int value) { return (value < 10 ? "0" : "") + std::to_string(value); };
  return two(seconds / 3600) + ":" + two(seconds / 60 % 60) + ":" + two(seconds % 60);
}
std::string refused_rcpt(int second, const std::string& from, const std::string& to) {
  return "2026-11-24 " + clock_of_day(second) + " H=gw.example.net [192.0.2.9] F=<" + from +
         "> rejected RCPT <" + to + ">: No such user";
}
std::string arrived(int second, const std::string& id, const std::string& from,
                    const std::string& to) {
  return "2026-11-24 " + clock_of_day(second) + " " + id + " <= " + from +
         " H=gw.example.net [192.0.2.9] P=esmtp S=2345 id=m" + id + "@example.net for " + to;
}

// A gateway in front, or a source of spam, is refused something every half minute.
TEST(EximDialogue, OfOneSenderEndsThoughItsClientIsNeverSilent) {
  std::vector<std::string> lines = {refused_rcpt(0, "boss@example.net", "ana@example.org")};
  for (int i = 1; i < 20; ++i) {
    lines.push_back(
        refused_rcpt(i * 30, "r" + std::to_string(i) + "@example.net", "x@example.org"));
  }
  lines.push_back(refused_rcpt(600, "boss@example.net", "eva@example.org"));
  lines.push_back(refused_rcpt(659, "boss@example.net", "bea@example.org"));
  const auto told = jot_texts(lines);
  ASSERT_THAT(told, SizeIs(21));
  EXPECT_EQ(told.front(), "- | ana@example.org rejected");
  EXPECT_EQ(told.back(), "- | eva@example.org rejected, bea@example.org rejected");
}

// With +incoming_port the lines name their dialogue: it may be slow.
TEST(EximDialogue, ThatIsNamedMayBeSlow) {
  auto lines = std::vector<std::string>{refused_rcpt(0, "boss@example.net", "ana@example.org"),
                                        refused_rcpt(50, "r@example.net", "ana@example.org"),
                                        refused_rcpt(100, "boss@example.net", "eva@example.org")};
  for (auto& line : lines) line.replace(line.find("[192.0.2.9]"), 11, "[192.0.2.9]:41234");
  EXPECT_THAT(jot_texts(lines),
              UnorderedElementsAre("- | ana@example.org rejected, eva@example.org rejected",
                                   "- | ana@example.org rejected"));
}

TEST(EximDialogue, IsNotPartedByAnothersMailFromThatAddress) {
  EXPECT_THAT(
      jot_texts({refused_rcpt(36000, "s@example.net", "a@example.org"),
                 arrived(36000, "1xVmNc-00000001abc-1Ab2", "t@example.com", "z@example.org"),
                 refused_rcpt(36000, "s@example.net", "b@example.org"),
                 arrived(36001, "1xVmNd-00000001abc-1Ab2", "s@example.net", "c@example.org")}),
      UnorderedElementsAre("1xVmNc-00000001abc-1Ab2 | z@example.org queued",
                           "- 1xVmNd-00000001abc-1Ab2 | a@example.org rejected, b@example.org "
                           "rejected, c@example.org queued"));
}

// Who is told no and asks again is at another message, or at the same one again.
TEST(EximDialogue, IsOverWhenARecipientIsRefusedAgain) {
  EXPECT_THAT(jot_texts({refused_rcpt(36000, "s@example.net", "a@example.org"),
                         refused_rcpt(36000, "s@example.net", "b@example.org"),
                         refused_rcpt(36020, "s@example.net", "a@example.org"),
                         refused_rcpt(36020, "s@example.net", "c@example.org"),
                         refused_rcpt(36021, "s@example.net", "b@example.org")}),
              UnorderedElementsAre(
                  "- | a@example.org rejected, b@example.org rejected",
                  "- | a@example.org rejected, c@example.org rejected, b@example.org rejected"));
}

// The reject log says the same again, and may be read behind the main log.
TEST(EximDialogue, OfTwoLogsIsOne) {
  const std::vector<std::string> lines = {refused_rcpt(36000, "s@example.net", "a@example.org"),
                                          refused_rcpt(36001, "s@example.net", "b@example.org")};
  LogPlayer player({Log{"/var/log/exim4/mainlog", "mx1", false, lines},
                    Log{"/var/log/exim4/rejectlog", "mx1", false, lines}});
  player.play_all();
  EXPECT_THAT(player.journeys(), SizeIs(1));
}

// "sendmail -bs" may be refused recipients as any client may.
TEST(EximDialogue, OfALocalProgram) {
  EXPECT_THAT(
      jot_texts({"2026-11-24 10:00:00 U=ana F=<ana@example.org> rejected RCPT <x@example.org>: no",
                 "2026-11-24 10:00:01 1xVmNc-00000001abc-1Ab2 <= ana@example.org U=ana "
                 "P=local-smtp S=99 for e@example.org"}),
      UnorderedElementsAre(
          "- 1xVmNc-00000001abc-1Ab2 | x@example.org rejected, e@example.org queued"));
}

// What an ACL remarks has no id before the content is there: the process or the port names the
// dialogue, and nothing else is sure enough.
TEST(EximDialogue, BringsWhatWasRemarkedAboutIt) {
  const auto texts_of = [](const std::string& client) {
    LogPlayer player({Log{"/var/log/exim4/mainlog",
                          "mx1",
                          false,
                          {"2026-11-24 10:00:00 H=(mx) " + client + " Warning: listed somewhere",
                           "2026-11-24 10:00:01 1xVmNc-00000001abc-1Ab2 <= s@example.net H=(mx) " +
                               client + " P=esmtp S=99 for e@example.org"}}});
    player.play_all();
    return player.journeys();
  };
  EXPECT_THAT(texts_of("[192.0.2.9]:41234"), ElementsAre(HasSubstr("listed somewhere")));
  EXPECT_THAT(texts_of("[192.0.2.9]"), ElementsAre(Not(HasSubstr("listed somewhere"))));
}

// Behind one address there are many machines, and a bot has another name each time.
TEST(EximDialogue, IsOfOneName) {
  const auto as = [](const std::string& name, const std::string& to) {
    return "2026-11-24 10:00:00 H=" + name + "[192.0.2.9] F=<s@example.net> rejected RCPT <" + to +
           ">: No such user";
  };
  EXPECT_THAT(
      jot_texts({as("(one) ", "a@example.org"), as("(two) ", "b@example.org"),
                 as("(ONE) ", "c@example.org"), as("", "d@example.org"),
                 "2026-11-24 10:00:00 1xVmNc-00000001abc-1Ab2 <= s@example.net H=(two) "
                 "[192.0.2.9] P=esmtp S=99 for e@example.org"}),
      UnorderedElementsAre(
          "- | a@example.org rejected, c@example.org rejected", "- | d@example.org rejected",
          "1xVmNc-00000001abc-1Ab2 - | e@example.org queued, b@example.org rejected"));
  // The host's name, once looked up, stands for the same name in HELO.
  EXPECT_THAT(
      jot_texts({as("(gw.example.net) ", "a@example.org"), as("gw.example.net ", "b@example.org")}),
      ElementsAre("- | a@example.org rejected, b@example.org rejected"));
}

TEST(EximDialogue, OfMoreSendersThanAreKeptLosesNone) {
  std::vector<std::string> lines;
  for (int i = 0; i < 260; ++i) {
    lines.push_back(
        refused_rcpt(i / 10, "r" + std::to_string(i) + "@example.net", "x@example.org"));
  }
  for (const std::string to : {"a@example.org", "b@example.org", "c@example.org"}) {
    lines.push_back(refused_rcpt(26, "last@example.net", to));
  }
  const auto told = jot_texts(lines);
  ASSERT_THAT(told, SizeIs(261));
  EXPECT_EQ(told.back(),
            "- | a@example.org rejected, b@example.org rejected, c@example.org rejected");
}

// The first sender is forgotten by then, and both of its dialogues are of one second.
TEST(EximDialogue, ThatBeginsAgainWithinASecondIsAnotherOne) {
  std::vector<std::string> lines;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 210; ++i) {
      lines.push_back(refused_rcpt(0, "r" + std::to_string(i) + "@example.net",
                                   "x" + std::to_string(round) + "@example.org"));
    }
  }
  EXPECT_THAT(jot_texts(lines), SizeIs(630));
}

// ---- "cwd=... args: ..."

std::string called(int second, const std::string& cwd, const std::string& args) {
  return "2026-11-24 " + clock_of_day(second) + " cwd=" + cwd + " 4 args: " + args;
}
std::string handed_in(int second, const std::string& id, const std::string& user) {
  return "2026-11-24 " + clock_of_day(second) + " " + id + " <= " + user +
         "@example.org U=" + user + " P=local S=345 id=m" + id +
         "@example.org for boss@example.net";
}

TEST(EximInvocation, OfABounceIsNoScripts) {
  const std::string parent = "1xVmNc-00000001abc-1Ab2";
  const auto told =
      jot({arrived(36000, parent, "u@example.net", "nobody@example.org"),
           "2026-11-24 10:00:00 " + parent + " ** nobody@example.org: No such user",
           called(36001, "/home/ana/www", "/usr/sbin/sendmail -t -i -fana@example.org"),
           called(36001, "/var/lib/exim", "/usr/sbin/exim -t -oem -oi -f <> -E" + parent),
           "2026-11-24 10:00:01 1xVmNd-00000001abc-1Ab2 <= <> R=" + parent +
               " U=mailnull P=local S=333 for u@example.net",
           handed_in(36001, "1xVmNd-00000002abc-1Ab2", "ana")});
  ASSERT_THAT(told, SizeIs(3));
  for (const auto& journey : told) {
    const bool of_script = journey.text.starts_with("1xVmNd-00000002");
    const bool of_bounce = journey.text.starts_with("1xVmNd-00000001");
    EXPECT_EQ(journey.submission, of_script ? "script /home/ana/www" : of_bounce ? "bounce" : "mx");
  }
}

struct CallCase {
  std::string name;
  std::string args;
  std::string want;  // how a message comes behind the call
  friend void PrintTo(const CallCase& c, std::ostream* os) { *os << c.name; }
};
class EximCall : public testing::TestWithParam<CallCase> {};
TEST_P(EximCall, BringsAMessageOrDoesNot) {
  const auto told = jot({called(1, "/opt/panel/docroot", GetParam().args),
                         handed_in(3, "1xVmNd-00000002abc-1Ab2", "bob")});
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].submission, GetParam().want);
}
const std::string kScript = "script /opt/panel/docroot";
INSTANTIATE_TEST_SUITE_P(
    , EximCall,
    testing::Values(CallCase{"recipients_in_the_content", "/usr/sbin/sendmail -t -i", kScript},
                    CallCase{"recipients_as_arguments", "sendmail -f bob eva@example.net", kScript},
                    CallCase{"told_to_take_a_message", "/usr/sbin/exim -bm eva@example.net",
                             kScript},
                    CallCase{"smtp_on_its_input", "/usr/sbin/exim -bs", kScript},
                    CallCase{"batched_smtp", "/usr/sbin/exim -bS", kScript},
                    CallCase{"version", "/usr/sbin/exim -bV", "local"},
                    CallCase{"count_of_the_queue", "/usr/sbin/exim -bpc", "local"},
                    CallCase{"setting", "/usr/sbin/exim -bP spool_directory", "local"},
                    CallCase{"address_test", "/usr/sbin/exim -bt eva@example.net", "local"},
                    CallCase{"queue_run", "/usr/sbin/exim -qff", "local"},
                    CallCase{"queue_run_of_a_domain", "/usr/sbin/exim -R example.net", "local"},
                    CallCase{"removal", "/usr/sbin/exim -Mrm x", "local"},
                    CallCase{"mailq", "/usr/bin/mailq", "local"}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace rastro
