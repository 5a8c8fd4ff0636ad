// What a stranger may send as a bounce. The bounds are on work and size, never on time.
#include <gtest/gtest.h>

#include <cstdint>

#include "daemon/bounce/bounce.h"
#include "daemon/bounce/input.h"

namespace rastro {
namespace {

void expect_bounded(const BounceReport& report, const BounceLimits& limits = {}) {
  EXPECT_LE(report.recipients.size(), limits.recipients_max);
  EXPECT_LE(report.received.size(), 3 * limits.received_max);
  for (const auto& r : report.recipients) {
    EXPECT_LE(r.recipient.value.size(), limits.value_bytes_max);
    EXPECT_LE(r.diagnostic.value.size(), limits.value_bytes_max);
  }
}

TEST(HostileBounce, FiftyMegabytes) {
  std::string text =
      "From: MAILER-DAEMON@example.org\nTo: a@example.org\nSubject: failure notice\n\n"
      "<b@example.org>:\n550 5.1.1 no\n\n--- Below this line is a copy of the message.\n\n";
  while (text.size() < (50UL << 20)) text += std::string(70, 'x') + "\n";
  const auto got = read_bounce(text);
  EXPECT_GE(got.cuts.input_bytes, 40UL << 20);
  ASSERT_EQ(got.recipients.size(), 1U);
  EXPECT_EQ(got.recipients[0].recipient.value, "b@example.org");
  expect_bounded(got);
}

TEST(HostileBounce, DeepNesting) {
  std::string text = "From: a@example.org\nTo: b@example.org\n";
  for (int i = 0; i < 100'000; ++i) {
    const auto name = std::to_string(i);
    text += "Content-Type: multipart/mixed; boundary=b" + name + "\n\n--b" + name + "\n";
  }
  const auto got = read_bounce(text);
  EXPECT_TRUE(got.cuts.any());
  expect_bounded(got);
}

TEST(HostileBounce, MessagesInMessages) {
  std::string text = "From: a@example.org\nTo: b@example.org\n";
  for (int i = 0; i < 10'000; ++i)
    text += "Content-Type: message/rfc822\n\nFrom: a@example.org\nTo: b@example.org\n";
  const auto got = read_bounce(text);
  EXPECT_TRUE(got.cuts.any());
  expect_bounded(got);
}

std::string base64(std::string_view text) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k)
      bits = bits << 8U | (i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out.push_back(i + k > text.size() ? '=' : kLetters[bits >> (18U - 6U * k) & 63U]);
    if (out.size() % 77 == 76) out.push_back('\n');
  }
  return out + "\n";
}

TEST(HostileBounce, AttachedMessagesInAttachedMessages) {
  const std::string head =
      "From: a@example.org\nTo: b@example.org\nContent-Type: multipart/mixed; boundary=b\n\n"
      "--b\nContent-Type: application/octet-stream; name=x.eml\n"
      "Content-Transfer-Encoding: base64\n\n";
  std::string text = "From: a@example.org\nTo: b@example.org\n\nhi\n";
  for (int i = 0; i < 25; ++i) text = head + base64(text) + "\n--b--\n";
  const auto got = read_bounce(text);
  EXPECT_TRUE(got.cuts.any());
  expect_bounded(got);
  // As many as fit, each full of parts.
  std::string parts =
      "From: a@example.org\nTo: b@example.org\nContent-Type: multipart/mixed; boundary=c\n\n";
  for (int i = 0; i < 3'000; ++i) parts += "--c\n\nx\n";
  std::string many =
      "From: a@example.org\nTo: b@example.org\nContent-Type: multipart/mixed; boundary=b\n\n";
  for (int i = 0; i < 300; ++i)
    many +=
        "--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + base64(parts);
  const auto wide = read_bounce(many);
  EXPECT_TRUE(wide.cuts.any());
  expect_bounded(wide);
}

TEST(HostileBounce, ManyParts) {
  std::string text =
      "From: a@example.org\nTo: b@example.org\nContent-Type: multipart/mixed; boundary=b\n\n";
  for (int i = 0; i < 500'000; ++i) text += "--b\n\nx\n";
  const auto got = read_bounce(text);
  EXPECT_TRUE(got.cuts.any());
  expect_bounded(got);
}

TEST(HostileBounce, EndlessHeaders) {
  std::string many;
  for (int i = 0; i < 1'000'000; ++i) many += "A: b\n";
  const auto got = read_bounce("From: a@example.org\nTo: b@example.org\n" + many);
  EXPECT_TRUE(got.cuts.any());
  const auto one =
      read_bounce("From: a@example.org\nTo: b@example.org\nSubject: " + std::string(5 << 20, 'x'));
  EXPECT_TRUE(one.cuts.any());
  expect_bounded(one);
}

TEST(HostileBounce, ManyRecipients) {
  std::string text = "This is the mail system at host mail.example.org.\n\n";
  for (int i = 0; i < 20'000; ++i)
    text += "<a" + std::to_string(i) + "@example.org>: 550 5.1.1 User unknown\n\n";
  const auto got = read_bounce(text);
  EXPECT_EQ(got.kind, BounceKind::failed);
  EXPECT_GT(got.recipients.size(), 100U);
  expect_bounded(got);
}

TEST(HostileBounce, NulAndBinary) {
  std::string text =
      "From: MAILER-DAEMON@example.org\nSubject: failure notice\nTo: a@example.org\n\n";
  for (std::uint32_t i = 0; i < 1'000'000; ++i)
    text.push_back(static_cast<char>((i * 7919U) >> 3U));
  expect_bounded(read_bounce(text));
  expect_bounded(read_bounce(std::string(1 << 20, '\0')));
  EXPECT_EQ(read_bounce("").not_a_bounce, NotABounce::empty);
}

TEST(HostileBounce, BracketsQuotesAndDots) {
  for (const std::string_view unit :
       {"<", "\"", "a@", "@", "550 ", "5.1.1 ", "= ", "&", "<!--", "(", "a@a.", "From: a@a\n",
        "Final-Recipient: x\n\n", "-- ", "=\n"}) {
    std::string text = "Your message could not be delivered to the following recipients:\n";
    while (text.size() < 60'000) text += unit;
    expect_bounded(read_bounce(text));
    expect_bounded(read_bounce("From: a@b\nTo: a@b\nContent-Type: text/html\n\n" + text));
  }
}

TEST(HostileBounce, DeadlineIsKept) {
  const auto got = read_bounce("550 5.1.1 <a@example.org>: no", {}, [] { return true; });
  EXPECT_TRUE(got.cuts.time);
  EXPECT_TRUE(got.recipients.empty());
}

// Nothing of a stranger's reaches a terminal or a log line as a control character.
TEST(HostileBounce, ValuesAreOneLineOfText) {
  const auto got = read_bounce(
      "<a@example.org>: host mx[192.0.2.1] said: 550 5.1.1 \x1b[31mred\x07 \xff\xfe bad\n");
  ASSERT_EQ(got.recipients.size(), 1U);
  for (const char c : got.recipients[0].diagnostic.value) EXPECT_FALSE(c >= 0 && c < ' ');
}

}  // namespace
}  // namespace rastro
