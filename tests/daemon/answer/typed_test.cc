#include "daemon/answer/typed.h"

#include <gtest/gtest.h>

namespace rastro {
namespace {

struct Row {
  const char* typed;
  const char* want;
};

TEST(Typed, AddressesAsTheyArePasted) {
  const Row rows[] = {
      {"juan@example.org", "juan@example.org"},
      {" juan@example.org\t", "juan@example.org"},
      {"\xc2\xa0juan@example.org\xe2\x80\x8b", "juan@example.org"},
      {"<juan@example.org>", "juan@example.org"},
      {"<juan@example.org", "juan@example.org"},
      {"Juan <juan@example.org>", "juan@example.org"},
      {"\"P\xc3\xa9rez, Juan\" <juan@example.org>,", "juan@example.org"},
      {"mailto:juan@example.org?subject=hola", "juan@example.org"},
      {"MAILTO:juan@example.org", "juan@example.org"},
      {"SMTP:juan@example.org", "juan@example.org"},
      {"rfc822;juan@example.org", "juan@example.org"},
      {"to=<juan@example.org>, relay=mx.example.org", "juan@example.org"},
      {"from=<>", "<>"},
      {"<>", "<>"},
      {"juan@example.org.", "juan@example.org"},
      {"(juan@example.org);", "juan@example.org"},
      {"'juan@example.org'", "juan@example.org"},
      {"\"juan@example.org\"", "juan@example.org"},
      {"\xe2\x80\x9cjuan@example.org\xe2\x80\x9d", "juan@example.org"},
      {"juan @ example.org", "juan@example.org"},
      {"juan AT example.org", "juan@example.org"},
      {"juan (at) example (dot) org", "juan@example.org"},
      {"juan(at)example.org", "juan@example.org"},
      {"juan arroba example punto org", "juan@example.org"},
      {"JUAN@EXAMPLE.ORG", "JUAN@EXAMPLE.ORG"},
      {"juan", "juan"},
      {"@example.org", "@example.org"},
      {"*@example.org", "*@example.org"},
      {"a?b@example.org", "a?b@example.org"},
      {"juan@[192.0.2.7]", "juan@[192.0.2.7]"},
      // Quotes of the local part are its own.
      {"\"juan perez\"@example.org", "\"juan perez\"@example.org"},
      {"\"a at b\"@example.org", "\"a at b\"@example.org"},
      {"\"a<b>\"@example.org", "\"a<b>\"@example.org"},
      {"Juan Perez juan@example.org", "juan@example.org"},
      {"juan@example.org (Juan Perez)", "juan@example.org"},
      {"juan\xe2\x80\x8b@exam\xc2\xadple.org", "juan@example.org"},
      {"juan\xef\xbc\xa0\xef\xbd\x85xample.org", "juan@example.org"},
      {"\xe3\x80\x80juan@example.org\xe2\x80\xaf", "juan@example.org"},
      {"mailto:juan%40example.org", "juan@example.org"},
      {"juan%2Bx@example.org", "juan%2Bx@example.org"},
      {"juan[at]example[dot]org", "juan@example.org"},
      {"", ""},
      {"   ", ""},
      {"@", "@"},
      {"<", "<"},
      {"\"", "\""},
  };
  for (const auto& row : rows) EXPECT_EQ(typed_address(row.typed), row.want) << row.typed;
}

TEST(Typed, SaysWhatIsNoAddress) {
  for (const char* good : {"juan", "juan@example.org", "*", "<>", "@example.org", "\"a b\"",
                           "foo bar@example.org", "a,b@example.org"})
    EXPECT_EQ(why_no_address(good), "") << good;
  for (const char* bad : {"", "@", "juan maria", "ana@example.org,juan@example.org",
                          "ana@example.org; juan@example.org", "ana@example.org juan@example.org",
                          "ana@example.org y juan@example.org", "ana@example.org/juan@example.org",
                          "ana@@example.org", "ana@@tienda", "@@example.org"})
    EXPECT_NE(why_no_address(bad), "") << bad;
}

TEST(Typed, QueueIds) {
  const Row rows[] = {
      {"214373AF", "214373AF"},
      {" 214373AF: ", "214373AF"},
      {"\"1xVgYa-0000jx-2e\"", "1xVgYa-0000jx-2e"},
      {"'1xVgYa-0000jx-2e'", "1xVgYa-0000jx-2e"},
      {"<1xVgYa-0000jx-2e>", "1xVgYa-0000jx-2e"},
      {"[1xVgYa-0000jx-2e]", "1xVgYa-0000jx-2e"},
      {"250 2.0.0 Ok: queued as 4Tq9Xk1z0Bz3", "4Tq9Xk1z0Bz3"},
      {"250 OK id=1xVgYa-0000jx-2e", "1xVgYa-0000jx-2e"},
      {"mx1/214373AF", "mx1/214373AF"},
      {"", ""},
  };
  for (const auto& row : rows) EXPECT_EQ(typed_queue_id(row.typed), row.want) << row.typed;
  EXPECT_EQ(queue_id_forms("214373af"), (std::vector<std::string>{"214373af", "214373AF"}));
  EXPECT_EQ(queue_id_forms("214373AF"), (std::vector<std::string>{"214373AF"}));
  EXPECT_EQ(queue_id_forms("4tq9xk1z"), (std::vector<std::string>{"4tq9xk1z"}));
}

TEST(Typed, MessageIdsDomainsAndHosts) {
  for (const char* id :
       {"1@example.org", "<1@example.org>", "Message-ID: <1@example.org>",
        "message-id=<1@example.org>", "Message-Id: 1@example.org", "id=1@example.org",
        " <1@example.org>, ", "%3C1%40example.org%3E", "=3C1=40example.org=3E",
        "=3C1@exam=\r\nple.org=3E", "mid:1@example.org", "rfc822msgid:1@example.org",
        "&lt;1@example.org&gt;", "<1@example.org", "1@example.org>",
        "Message-ID:\r\n <1@example.org>", "<1@\r\n example.org>", "\xe2\x80\x8b<1@example.org>"}) {
    const auto typed = typed_message_id(id);
    EXPECT_TRUE(typed == "1@example.org" || typed == "<1@example.org>") << id << ": " << typed;
  }
  EXPECT_EQ(typed_message_id("*@example.org"), "*@example.org");
  for (const char* domain : {"example.org", "example.org.", "https://example.org/x",
                             "<example.org>", "juan@example.org", "example.org:25"})
    EXPECT_EQ(typed_domain(domain), "example.org") << domain;
  EXPECT_EQ(typed_domain("@example.org"), "@example.org");
  EXPECT_EQ(typed_domain(".example.org"), ".example.org");
  for (const char* host : {"192.0.2.7", "[192.0.2.7]", "[192.0.2.7]:25", "unknown[192.0.2.7]",
                           "mx.example.org[192.0.2.7]:25", "(helo) [192.0.2.7]", "192.0.2.7:25"})
    EXPECT_EQ(typed_host(host), "192.0.2.7") << host;
  EXPECT_EQ(typed_host("192.0.2.0/24"), "192.0.2.0/24");
  for (const char* host : {"2001:db8::7", "[2001:db8::7]:25", "[IPv6:2001:db8::7]",
                           "IPv6:2001:db8::7", "2001:DB8:0:0::7"})
    EXPECT_EQ(typed_host(host), "2001:db8::7") << host;
  EXPECT_EQ(typed_host("mx.example.org:25"), "mx.example.org");
  EXPECT_EQ(typed_host("*.example.org"), "*.example.org");
}

}  // namespace
}  // namespace rastro
