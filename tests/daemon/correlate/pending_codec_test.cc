#include "daemon/correlate/pending_codec.h"

#include <gtest/gtest.h>

namespace rastro {
namespace {

Session full_session() {
  Session session;
  session.last_at = Time(std::chrono::seconds(5));
  session.client = {"host", "192.0.2.1", 2525};
  session.lines = {{1, 20, 300}, {2, 40, 600}};
  session.legs = {{9, 77}};
  session.refused = {{9, 78}, {9, 79}};
  session.refusals = 300;
  session.tls = "TLSv1.3 with cipher X";
  session.tls_peer = "";
  session.verdicts = {{PolicyVerdict::Action::filter,
                       Time(std::chrono::seconds(-7)),
                       "RCPT",
                       "",
                       std::nullopt,
                       "helo",
                       "text",
                       "smtp:[192.0.2.7]",
                       {.source = 1, .length = 70, .offset = 1ULL << 40}}};
  session.unreached = {{session.last_at, {"mx", "2001:db8::1", 25}, "refused", {3, 5, 8}}};
  session.facts = {{{"amavis", "verdict", "clean"}, {2, 3, 4}}};
  session.mailboxes = {
      {MailboxResult::What::deferred, session.last_at, "lmtp", "INBOX", "", {}, "eva", "s"}};
  return session;
}

TEST(PendingCodec, GivesBackWhatItTook) {
  const auto session = full_session();
  Session back;
  ASSERT_TRUE(decode_session(encode_session(session), back));
  EXPECT_EQ(back.client, session.client);
  EXPECT_EQ(back.lines, session.lines);
  EXPECT_EQ(back.last_at, session.last_at);
  EXPECT_EQ(back.tls, session.tls);
  EXPECT_EQ(back.tls_peer, session.tls_peer);
  ASSERT_EQ(back.verdicts.size(), 1u);
  const auto& verdict = back.verdicts[0];
  EXPECT_EQ(verdict.action, PolicyVerdict::Action::filter);
  EXPECT_EQ(verdict.at, Time(std::chrono::seconds(-7)));
  EXPECT_EQ(verdict.envelope_sender, "");
  EXPECT_FALSE(verdict.recipient);
  EXPECT_EQ(verdict.target, "smtp:[192.0.2.7]");
  EXPECT_EQ(verdict.line, (LineRef{.source = 1, .length = 70, .offset = 1ULL << 40}));
  ASSERT_EQ(back.unreached.size(), 1u);
  EXPECT_EQ(back.unreached[0].relay, (Endpoint{"mx", "2001:db8::1", 25}));
  ASSERT_EQ(back.facts.size(), 1u);
  EXPECT_EQ(back.facts[0].fact.value, "clean");
  ASSERT_EQ(back.mailboxes.size(), 1u);
  EXPECT_EQ(back.mailboxes[0].account, "eva");
  ASSERT_EQ(back.refused.size(), 2u);
  EXPECT_EQ(back.refused[1].id, 79u);
  EXPECT_EQ(back.refusals, 300u);
  EXPECT_EQ(back.legs.at(0).key, 0u) << "a key of another run must not be trusted";
}

TEST(PendingCodec, RefusesEveryTruncationAndEveryOtherVersion) {
  const auto value = encode_session(full_session());
  for (std::size_t size = 0; size < value.size(); ++size) {
    Session back;
    EXPECT_FALSE(decode_session(std::string_view(value).substr(0, size), back)) << size;
  }
  auto other = value;
  other[0] = 99;
  Session back;
  EXPECT_FALSE(decode_session(other, back));
  EXPECT_FALSE(decode_session(value + "x", back));
}

TEST(PendingCodec, ReadsTheVersionsBefore) {
  auto session = full_session();
  session.commands_refused.reset();
  auto value = encode_session(session);
  value[0] = 6;
  value.pop_back();  // ended before the number of refused commands
  Session back;
  ASSERT_TRUE(decode_session(value, back));
  EXPECT_EQ(back.mailboxes.size(), 1u);
  EXPECT_EQ(back.refusals, session.refusals);
  EXPECT_EQ(back.commands_refused, std::nullopt);
  value[0] = 7;
  value.push_back(5);
  ASSERT_TRUE(decode_session(value, back));
  EXPECT_EQ(back.commands_refused, 5u);
  value.pop_back();
  value.append("\x85\x80\x80\x80\x04");  // 2^30 + 5: of one that version 6 had stored
  ASSERT_TRUE(decode_session(value, back));
  EXPECT_EQ(back.commands_refused, std::nullopt);
}

TEST(PendingCodec, KeepsWhetherRefusedCommandsAreKnown) {
  auto session = full_session();
  for (const auto count : {std::optional<std::uint32_t>(), std::optional<std::uint32_t>(0),
                           std::optional<std::uint32_t>(300)}) {
    session.commands_refused = count;
    Session back;
    ASSERT_TRUE(decode_session(encode_session(session), back));
    EXPECT_EQ(back.commands_refused, count);
  }
}

}  // namespace
}  // namespace rastro
