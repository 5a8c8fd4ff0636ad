// Exim's log_selector puts some thirty fields on its lines, in any combination: whichever stand
// there, sender, recipients, client and outcome are the same (specification, chapter "Log files",
// "Summary of fields in log lines"; the order is that of receive.c and deliver.c, 4.94 to 4.98).
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "parsers/exim/fields.h"
#include "parsers/registry.h"

namespace rastro {
namespace {

constexpr int kLines = 5000;

class Chance {
 public:
  explicit Chance(unsigned seed) : engine_(seed) {}
  bool heads() { return (engine_() & 1U) != 0; }
  std::string one_of(const std::vector<std::string>& choices) {
    return choices[engine_() % choices.size()];
  }
  std::string maybe(const std::vector<std::string>& choices) {
    return heads() ? one_of(choices) : "";
  }

 private:
  std::mt19937 engine_;
};

ParsedLine parse(const std::string& text) {
  LineHeader header;
  header.program = "exim";
  return find_program("exim").parse(header, text);
}

std::string tls(Chance& chance) {
  if (!chance.heads()) return "";
  return " X=TLS1.3:TLS_AES_256_GCM_SHA384:256" + chance.maybe({" CV=yes", " CV=no", " CV=dane"}) +
         chance.maybe(
             {" DN=\"/C=ES/O=\\\"A B\\\"/CN=mx.example.net\"", " DN=\"CN=mx => b@example.com\""}) +
         chance.maybe({" SNI=mx.example.org"});
}

TEST(EximFields, AnyOfThemStandOnAnArrival) {
  Chance chance(20261129);
  for (int i = 0; i < kLines; ++i) {
    const auto login = chance.maybe({"ana@example.net", "ana"});
    const auto message_id = chance.maybe({"1@example.net", "a=b+c@mx"});
    const auto recipients = chance.maybe({"a@example.org", "a@example.org \"b c\"@example.org"});
    const auto line =
        "1tFxyz-000000001Ab-2CdE <= s@example.net" +
        chance.one_of({" H=mx.example.net [192.0.2.7]",
                       " H=mx.example.net (he lo) [192.0.2.7]:4123",
                       " H=([198.51.100.1]) [192.0.2.7]", " H=[192.0.2.7]"}) +
        chance.maybe({" I=[192.0.2.1]:25"}) + chance.maybe({" Ci=4711"}) +
        chance.maybe({" PRX=192.0.2.3"}) + chance.maybe({" U=ident"}) + " P=esmtpsa" +
        chance.maybe({" L", " L."}) + tls(chance) + (login.empty() ? "" : " A=plain:" + login) +
        chance.maybe({" PRDR"}) + chance.maybe({" K"}) + " S=1234" + chance.maybe({" M8S=0"}) +
        chance.maybe({" DKIM=example.net"}) + chance.maybe({" RT=0.015s", " RT=1m2s"}) +
        chance.maybe({" Q=slow"}) + (message_id.empty() ? "" : " id=" + message_id) +
        chance.maybe({" T=\"for x@example.com\"", " T=\"a \\\" S=5 <= b\"", " T=\"\""}) +
        chance.maybe({" from <s@example.net>"}) + (recipients.empty() ? "" : " for " + recipients);
    const auto parsed = parse(line);
    ASSERT_EQ(parsed.kind, LineKind::exim_arrival) << line;
    const auto& event = std::get<Arrival>(parsed.event);
    EXPECT_EQ(event.envelope_sender, "s@example.net") << line;
    EXPECT_EQ(event.client.ip, "192.0.2.7") << line;
    EXPECT_EQ(event.login.value_or(""), login) << line;
    EXPECT_EQ(event.size_bytes, 1234U) << line;
    EXPECT_EQ(event.message_id.value_or(""), message_id) << line;
    EXPECT_EQ(event.recipients, recipients) << line;
  }
}

TEST(EximFields, AnyOfThemStandOnADelivery) {
  Chance chance(20261130);
  for (int i = 0; i < kLines; ++i) {
    const auto original = chance.maybe({"list@example.org", "\"a b\"@example.org"});
    const auto flag = chance.one_of({"=>", "->", ">>", "**", "=="});
    const bool failed = flag == "**" || flag == "==";
    const auto text =
        chance.one_of({"SMTP error from remote mail server after RCPT TO:<b@x>: 550 no",
                       "retry => c@example.com R=x: 450 C=\"250 ok\""});
    const auto line =
        "1tFxyz-000123-AB " + flag + " b@example.net" +
        (original.empty() ? "" : chance.maybe({" (c@example.net, \"d (e\"@example.net)"})) +
        (original.empty() ? "" : " <" + original + ">") +
        chance.maybe({" F=<s@example.net>", " F=<>"}) + chance.maybe({" P=<s@example.net>"}) +
        " R=dnslookup T=remote_smtp" +
        (flag == "==" ? " defer (-44)"
         : failed     ? ""
                      : chance.maybe({" S=1234"})) +
        " H=mx.example.net [192.0.2.8]" + chance.maybe({":25"}) +
        chance.maybe({" I=[192.0.2.1]:41234"}) + tls(chance) +
        (failed ? ""
                : chance.maybe({" A=plain"}) + chance.maybe({" L", " L*"}) +
                      chance.maybe({" PRDR"}) + chance.maybe({" K"}) +
                      chance.maybe({" C=\"250 OK id=1\"", " C=\"250 => c@example.com\""})) +
        (failed ? "" : chance.maybe({" QT=1s", " QT=1d2h"})) + chance.maybe({" DT=0.5s"}) +
        (failed ? ": " + text : "");
    const auto parsed = parse(line);
    ASSERT_TRUE(std::holds_alternative<DeliveryAttempt>(parsed.event)) << line;
    const auto& event = std::get<DeliveryAttempt>(parsed.event);
    EXPECT_EQ(event.recipient.value_or(""), "b@example.net") << line;
    EXPECT_EQ(event.original_recipient.value_or(""), original) << line;
    EXPECT_EQ(event.relay.ip, "192.0.2.8") << line;
    EXPECT_EQ(event.router, "dnslookup") << line;
    EXPECT_EQ(event.agent, "remote_smtp") << line;
    EXPECT_EQ(event.status, flag == "==" ? DeliveryStatus::deferred
                            : failed     ? DeliveryStatus::bounced
                                         : DeliveryStatus::sent)
        << line;
    if (failed) {
      EXPECT_EQ(event.reply_text, text) << line;
    }
  }
}

// readconf_printtime() writes "1w2d3h4m5s", string_timediff() "0.123s".
TEST(EximTime, IsReadOrRefusedWithoutOverflow) {
  using std::chrono::hours;
  using std::chrono::microseconds;
  using std::chrono::seconds;
  EXPECT_EQ(exim::parse_time("1w2d3h4m5s"), hours(9 * 24 + 3) + seconds(245));
  EXPECT_EQ(exim::parse_time("0.123s"), microseconds(123'000));
  EXPECT_EQ(exim::parse_time("-1s"), seconds(1)) << "a clock was set back";
  EXPECT_EQ(exim::parse_time("999999999s"), seconds(999'999'999));
  for (const auto* refused : {"", "-", "5", "5x", "1.s", "1.5m", "1000000001s", "1000000000w",
                              "1700w", "600000000s600000000s", "99999999999999999999s"}) {
    EXPECT_FALSE(exim::parse_time(refused)) << refused;
  }
}

}  // namespace
}  // namespace rastro
