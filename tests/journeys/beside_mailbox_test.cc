// What goes beside a mailbox - an automatic answer, a program of an unseen router - and what is
// told of the mailbox then. Lines as Exim 4.96 writes them with cPanel's routers and transports.
#include <algorithm>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/journeys/answers.h"

namespace rastro {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string logged(const std::string& what) {
  return "2026-11-24 10:00:01 1tFxyz-000123-AB " + what;
}

const std::string kMailComes = logged(
    "<= u@example.net H=mx.example.net [192.0.2.7] P=esmtp S=300 id=m1@example.net for "
    "ana@example.org");
const std::string kWaits = logged(
    "== ana <ana@example.org> R=virtual_user T=dovecot_virtual_delivery defer (-46): LMTP error "
    "after end of data: 452 4.2.2 <ana@example.org> Quota exceeded (mailbox for user is full)");
const std::string kMailboxFails = logged(
    "** ana <ana@example.org> R=virtual_user T=dovecot_virtual_delivery: LMTP error after end of "
    "data: 552 5.2.2 <ana@example.org> Quota exceeded (mailbox for user is full)");
const std::string kArrives = logged(
    "=> ana <ana@example.org> R=virtual_user T=dovecot_virtual_delivery C=\"250 2.0.0 "
    "<ana@example.org> AA Saved\"");
const std::vector<std::string> kBeside = {
    logged("=> ana <ana@example.org> R=uservacation T=uservacation"),
    logged("=> ana@example.org <ana@example.org> R=virtual_user_autoreply T=virtual_userautoreply"),
    logged("=> |/usr/local/cpanel/bin/autorespond ana@example.org /home/ana/.autorespond "
           "<ana@example.org> R=virtual_aliases_nostar T=jailed_virtual_address_pipe"),
    logged("=> |/usr/local/bin/archive <ana@example.org> R=archive T=address_pipe"),
    logged("=> >u@example.net <ana@example.org> R=userforward T=address_reply"),
};

// With what stands beside the mailbox behind its line and before it.
std::vector<std::vector<std::string>> both_ways(const std::string& mailbox) {
  std::vector<std::vector<std::string>> out;
  for (const auto& beside : kBeside) {
    out.push_back({kMailComes, mailbox, beside});
    out.push_back({kMailComes, beside, mailbox});
  }
  return out;
}

TEST(BesideTheMailbox, AFullOneStaysFull) {
  for (const auto& lines : both_ways(kWaits)) {
    const auto told = answers_of(lines);
    ASSERT_EQ(told.size(), 1U) << lines[1] << "\n" << lines[2];
    EXPECT_EQ(told[0].outcome + " " + told[0].reason, "deferred mailbox_full") << lines[2];
    EXPECT_EQ(told[0].move, "recipient");
  }
  for (auto lines : both_ways(kMailboxFails)) {
    lines.push_back(logged("Completed"));
    const auto told = answers_of(lines);
    ASSERT_EQ(told.size(), 1U) << lines[1] << "\n" << lines[2];
    EXPECT_EQ(told[0].outcome + " " + told[0].reason, "bounced mailbox_full") << lines[2];
  }
}

TEST(BesideTheMailbox, OneThatTookItHasIt) {
  for (const auto& lines : both_ways(kArrives)) {
    const auto told = answers_of(lines);
    ASSERT_EQ(told.size(), 1U) << lines[1] << "\n" << lines[2];
    EXPECT_THAT(told[0].text, HasSubstr("Delivered to the mailbox")) << lines[2];
  }
  for (auto lines : both_ways(kWaits)) {  // there is room at last
    lines.push_back(kArrives);
    lines.push_back(logged("Completed"));
    EXPECT_THAT(ends_of(lines), ElementsAre(testing::EndsWith("delivered"))) << lines[2];
  }
}

TEST(BesideTheMailbox, AnAnswerAloneIsNoMailbox) {
  for (const auto& beside : kBeside) {
    const auto told = answers_of({kMailComes, beside, logged("Completed")});
    ASSERT_EQ(told.size(), 1U) << beside;
    EXPECT_THAT(told[0].text, HasSubstr("Handed over to a program")) << beside;
  }
}

// The answer alone keeps no mail: the file that does is told in its place.
TEST(BesideMailbox, AFileIsToldInPlaceOfTheAnswer) {
  const auto told = answers_of(
      {kMailComes, logged("=> >u@example.net <ana@example.org> R=userforward T=address_reply"),
       logged("=> /home/ana/mail/inbox <ana@example.org> R=userforward T=address_file"),
       logged("Completed")});
  ASSERT_EQ(told.size(), 1U);
  EXPECT_THAT(told[0].text, HasSubstr("file")) << told[0].text;
}

// The sender gets a report of the program's failure, and the mail is in the mailbox all the same.
TEST(BesideMailbox, AProgramThatFailsIsNoFailureOfTheMailbox) {
  const auto program = [](const std::string& flag, const std::string& how) {
    return logged(flag + " |/usr/local/bin/sort <ana@example.org> R=userforward T=address_pipe" +
                  how);
  };
  const auto failed = program("**",
                              ": Child process of address_pipe transport returned 127 (could mean "
                              "unable to exec or command "
                              "does not exist) from command: /usr/local/bin/sort");
  const auto waits = program("==", " defer (0): Child process of address_pipe transport timed out");
  const auto ends = ElementsAre(testing::EndsWith("delivered"));
  EXPECT_THAT(ends_of({kMailComes, kArrives, failed, logged("Completed")}), ends);
  EXPECT_THAT(ends_of({kMailComes, failed, kArrives, logged("Completed")}), ends);
  EXPECT_THAT(ends_of({kMailComes, kArrives, waits}), ends);
  EXPECT_THAT(ends_of({kMailComes, failed, logged("Completed")}),
              ElementsAre(testing::HasSubstr("bounced")));
}

}  // namespace
}  // namespace rastro
