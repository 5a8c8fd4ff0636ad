#include "parsers/reply_mask.h"

#include <gmock/gmock.h>

#include <random>

namespace rastro {
namespace {

struct MaskCase {
  std::string name;
  std::string_view text;
  std::string_view want;
  friend void PrintTo(const MaskCase& c, std::ostream* os) { *os << c.name; }
};
class Mask : public testing::TestWithParam<MaskCase> {};
TEST_P(Mask, MatchesTable) { EXPECT_EQ(MaskedReply(GetParam().text).text(), GetParam().want); }

const MaskCase kMasks[] = {
    {"empty", "", ""},
    {"codes_stay", "550 5.1.1 no such user", "550 5.1.1 no such user"},
    {"long_detail_stays", "550 5.7.606 Access denied", "550 5.7.606 Access denied"},
    {"address", "<juan.perez+x@example.org>: User unknown", "<@>: User unknown"},
    {"address_with_digits", "to user12@mail7.example.org.", "to @."},
    {"address_without_blanks", "未送达juan@example.org，因为不存在", "未送达@，因为不存在"},
    {"address_of_other_letters", "<用户@例子.example> 7", "<@> #"},
    {"ipv4", "Client host [192.0.2.7] blocked", "Client host [#] blocked"},
    {"ipv6", "connect to [2001:db8::25]: no", "connect to #: no"},
    {"ipv4_is_no_status", "from 5.7.1.9 you", "from # you"},
    {"date_and_time", "at 2026-11-24 03:42:55", "at # #"},
    {"number", "try again in 287 seconds", "try again in # seconds"},
    {"size", "exceeds 10485760 bytes", "exceeds # bytes"},
    {"queue_id", "554 5.7.1 71F3B11C01 refused", "554 5.7.1 # refused"},
    {"long_queue_id", "queued as 4Tq9Xk1z0Bz3", "queued as #"},
    {"gmail_id", "d9443c01a7336-20020a17si1234567plb.123 - gsmtp", "# - gsmtp"},
    {"product_codes_stay", "[TSS04] S3140 LPN007_104 [CS01] HM08",
     "[TSS04] S3140 LPN007_104 [CS01] HM08"},
    {"long_product_code", "codes.php#BL000001", "codes.php#BL#"},
    {"dashed_code", "OU-002 (COL004-MC1F22)", "OU-# (COL004-#)"},
    {"postfix_host", "host mx1.example.net[192.0.2.7] said: 550 no", "host # said: 550 no"},
    {"postfix_socket", "host a.example[private/dovecot-lmtp] said: 552 x", "host # said: 552 x"},
    {"postfix_connect", "connect to m.example.net[192.0.2.7]:25: Connection refused",
     "connect to #:#: Connection refused"},
    {"suspended", "delivery temporarily suspended: lost connection with m[192.0.2.7] while x",
     "delivery temporarily suspended: lost connection with # while x"},
    {"no_host_in_brackets", "host unknown", "host unknown"},
    {"socket_code_stays", "Winsock error code: 10060, 10062", "Winsock error code: 10060, #"},
    {"charter_code_stays", "554 192.0.2.7 blocked. AUP#In-1020", "554 # blocked. AUP#In-1020"},
    {"charter_code_alone_stays", "552 refused AUP#1340", "552 refused AUP#1340"},
    {"other_code_behind_a_dash", "refused ABC#In-1020, X-1020", "refused ABC#In-#, X-#"},
    {"dots_end_an_address", "550 juan@example.org...User unknown", "550 @...User unknown"},
    {"octal_stays", "buz\\303\\263n lleno", "buz\\303\\263n lleno"},
    {"lone_at", "nobody @ home", "nobody @ home"},
    {"short_words_stay", "1st 4xx a1", "1st 4xx a1"},
};
INSTANTIATE_TEST_SUITE_P(, Mask, testing::ValuesIn(kMasks),
                         [](const auto& tested) { return tested.param.name; });

class RuleText : public testing::TestWithParam<MaskCase> {};
TEST_P(RuleText, MatchesTable) {
  EXPECT_EQ(rule_text(MaskedReply(GetParam().text).text()), GetParam().want);
}
const MaskCase kRuleTexts[] = {
    {"lines_hang_together", "550-5.1.1 does not 550-5.1.1 exist 550 5.1.1 here",
     "550-5.1.1 does not exist here"},
    {"exim_lines", "550-one\\n550 two", "550-one two"},
    {"another_code_stays", "550 said: 450 no", "550 said: 450 no"},
    {"utf8", "550 BUZ\xc3\x93N no existe \xc3\xb1", "550 buzon no existe n"},
    {"latin1", "550 buz\xf3n lleno", "550 buzon lleno"},
    {"polish", "Nie ma takiego użytkownika, ŻÓŁW", "nie ma takiego uzytkownika, zolw"},
    {"exim_octal", "550 buz\\303\\263n lleno", "550 buzon lleno"},
    {"bracketed_name", "<spam.example.org>: Helo command rejected", "<@>: helo command rejected"},
    {"bracketed_client", "<unknown[192.0.2.7]>: Client host rejected", "<@>: client host rejected"},
    {"link_stays", "see <http://www.example.org/bl>", "see <http://www.example.org/bl>"},
    {"dns_name", "Name service error for name=greylist.example type=MX: Host not found",
     "name service error for name=@ type=mx: host not found"},
    {"exim_hosts", "retry time not reached for any host for 'spam.example.org'",
     "retry time not reached for any host for '@'"},
    {"blanks", " a \t b\r\n", "a b"},
    {"exim_wrapping",
     "SMTP error from remote mail server after pipelined RCPT TO:<a@b.example>: host mx.b.example "
     "[192.0.2.7]: 550 No",
     "550 no (in reply to rcpt to command)"},
    {"exim_sender",
     "SMTP error from remote mail server after MAIL FROM:<a@b.example> SIZE=99: 550 No",
     "550 no (in reply to mail from command)"},
    {"exim_greeting", "SMTP error from remote mail server after initial connection: 554 No",
     "refused to talk to me: 554 no"},
    {"exim_wrapping_cut", "SMTP error from remote mail server after RCPT TO:<a@b.exa",
     "smtp error from remote mail server after rcpt to:<@"},
    {"postfix_wrapping", "host mx.b.example[192.0.2.7] said: 550 No (in reply to RCPT TO command)",
     "550 no (in reply to rcpt to command)"},
    {"cisco_label",
     "5.7.1 - Delivery not authorized, message refused 554-'Bad \"list\"' (tries: 0)",
     "554 bad \"list\""},
    {"cisco_without_reply", "5.4.7 - Delivery expired (message too old) 'timeout'",
     "5.4.7 - delivery expired (message too old) 'timeout'"},
    {"exchange_expiry", "550 5.4.300 Message expired -> 451 4.4.0 no answer from mx",
     "451 4.4.0 no answer from mx"},
    {"ses_expiry",
     "554 4.4.7 Message expired: unable to deliver in 840 minutes.<452 4.2.2 over quota>",
     "452 4.2.2 over quota"},
    {"ses_expiry_alone", "554 4.4.7 Message expired: unable to deliver in 840 minutes.<",
     "554 4.4.7 message expired: unable to deliver in # minutes.<"},
    {"exchange_expiry_with_cause",
     "550 5.4.317 Message expired, connection reset -> 421 4.4.2 Connection dropped",
     "421 4.4.2 connection dropped"},
    {"exchange_expiry_cause_alone", "550 5.4.316 Message expired, connection refused(Socket error)",
     "550 5.4.316 connection refused(socket error)"},
    {"expiry_ends", "554 4.4.7 Message expired", "554 4.4.7 message expired"},
    {"exchange_expiry_alone", "550 5.4.300 Message expired -> ", "550 5.4.300 message expired ->"},
    {"cisco_label_alone", "5.1.1 - Bad destination", "5.1.1 - bad destination"},
    {"postfix_greeting",
     "delivery temporarily suspended: host mx.b.example[192.0.2.7] refused to talk to me: 421 No",
     "refused to talk to me: 421 no"},
    {"qmail_reply_alone", "Remote host said: 542 Refused", "542 refused"},
    {"qmail_rcpt",
     "192.0.2.7 does not like recipient. Remote host said: 550 No Giving up on 192.0.2.7.",
     "550 no (in reply to rcpt to command)"},
    {"qmail_mail_from", "Connected to 192.0.2.7 but sender was rejected. Remote host said: 553 No",
     "553 no (in reply to mail from command)"},
    {"qmail_end_of_data", "192.0.2.7 failed after I sent the message. Remote host said: 554 No",
     "554 no (in reply to end of data command)"},
    {"qmail_unknown_words", "192.0.2.7 was odd. Remote host said: 554 No",
     "# was odd. remote host said: 554 no"},
    {"qmail_no_reply", "Remote host said: no", "remote host said: no"},
    {"diagnostic_type", "smtp;550 No", "550 no"},
    {"diagnostic_type_alone", "smtp; ", ""},
};
INSTANTIATE_TEST_SUITE_P(, RuleText, testing::ValuesIn(kRuleTexts),
                         [](const auto& tested) { return tested.param.name; });

// The vector form and the plain definition of what is a digit, word byte or "@" must see the same,
// wherever a block ends; and nothing is written beyond the text's own size.
TEST(MaskProperty, AnyBytesNeverGrowAndMaskTwiceIsStable) {
  std::mt19937 random(20261125);
  constexpr std::string_view kAlphabet = "aZ_0123456789@.:-<>()[] \\'\"=,;/#\n\xc3\xb1\xff";
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 200, ' ');
    for (auto& c : text) c = kAlphabet[random() % kAlphabet.size()];
    const MaskedReply once(text);
    ASSERT_LE(once.text().size(), text.size() + 2) << text;
    static_cast<void>(rule_text(once.text()));
    const MaskedReply shifted(std::string(64, ' ') + text);
    const bool has_lead = text.starts_with("host ") || text.starts_with("connect to ");
    if (!has_lead) {
      ASSERT_EQ(shifted.text().substr(64), once.text()) << text;
    }
  }
}

// The text is looked at in blocks: a code, an address or a number may begin in one and end in the
// next.
TEST(MaskProperty, WhereATextBeginsChangesNothing) {
  for (const auto& one : kMasks) {
    const auto text = " " + std::string(one.text);
    const std::string want(MaskedReply(text).text());
    for (std::size_t before = 1; before < 200; ++before) {
      const std::string words(before, 'a');
      ASSERT_EQ(MaskedReply(words + text).text(), words + want) << one.name << " behind " << before;
    }
  }
}

TEST(MaskProperty, LongTextsAreCut) {
  const std::string text(kReplyBytesMax * 3, 'x');
  EXPECT_EQ(MaskedReply(text).text().size(), kReplyBytesMax);
  const std::string digits(kReplyBytesMax * 3, '1');
  EXPECT_EQ(MaskedReply(digits).text(), "#");
  const std::string signs(kReplyBytesMax * 3, '@');
  EXPECT_LE(MaskedReply(signs).text().size(), kReplyBytesMax);
}

}  // namespace
}  // namespace rastro
