#include "daemon/bounce/original.h"

#include <re2/re2.h>

#include <algorithm>

#include "core/address.h"
#include "daemon/bounce/address.h"
#include "daemon/bounce/lines.h"

namespace rastro {
namespace {

void set(Found& into, std::string_view value, std::string_view from, const BounceLimits& limits) {
  if (!into && !trim(value).empty()) into = {tidy(value, limits.value_bytes_max), from};
}

// What some servers write for "<>". A newsletter's own may well be bounces@.
bool is_null_sender(std::string_view address) {
  const auto local = ascii_lower(split_address(address).local_part);
  return local == "mailer-daemon" || local == "mailerdaemon" || local == "double-bounce";
}

std::string first_address(std::string_view value) {
  auto found = addresses_in(value, 1);
  return found.empty() ? std::string() : std::move(found.front());
}

}  // namespace

std::string last_message_id(std::string_view value) {
  const auto end = value.rfind('>');
  if (end == std::string_view::npos) return {};
  const auto begin = value.rfind('<', end);
  if (begin == std::string_view::npos || end - begin < 4) return {};
  return std::string(value.substr(begin, end - begin + 1));
}

std::vector<ReceivedId> received_ids(const std::vector<MailHeader>& headers, std::string_view from,
                                     std::size_t max) {
  static const RE2 by(R"((?i)\bby\s+([^\s;()<>]{1,255}))");
  static const RE2 id(R"((?i)(?:\s|\))id\s+<?([A-Za-z0-9][A-Za-z0-9._+/-]{3,100}))");
  std::vector<ReceivedId> out;
  for (const auto& header : headers) {
    if (out.size() >= max) break;
    if (!equal_ignoring_case(header.name, "received")) continue;
    ReceivedId received{{}, {}, from};
    if (!RE2::PartialMatch(header.value, id, &received.id)) continue;
    RE2::PartialMatch(header.value, by, &received.by);
    while (received.id.ends_with('.')) received.id.pop_back();
    // "with Microsoft SMTP Server id 14.1.355.2": its version.
    static const RE2 version(R"(\d+(?:\.\d+){2,3})");
    if (RE2::FullMatch(received.id, version)) continue;
    out.push_back(std::move(received));
  }
  return out;
}

void apply_original_headers(const std::vector<MailHeader>& headers, const BounceLimits& limits,
                            BounceReport& report) {
  const auto value = [&](std::string_view name) { return header_value(headers, name); };
  auto id = last_message_id(value("message-id"));
  if (id.empty()) id = tidy(value("message-id"), limits.value_bytes_max);
  set(report.message_id, id, "original Message-ID", limits);
  set(report.subject, value("subject"), "original Subject", limits);
  set(report.original_date, value("date"), "original Date", limits);
  if (!report.sent_at) report.sent_at = parse_mail_date(value("date"), limits.zone);
  for (const auto& name : {"return-path", "from", "sender", "x-sender"}) {
    const auto address = first_address(value(name));
    const bool envelope = std::string_view(name) == "return-path";
    if (!address.empty() && !(envelope ? is_null_sender(address) : is_robot(address)))
      set(report.original_sender, address, envelope ? "original Return-Path" : kOriginalFrom,
          limits);
  }
  for (const auto name : {"to", "cc"}) {
    for (auto& address : addresses_in(value(name), limits.recipients_max))
      report.original_to.push_back(
          {tidy(address, limits.value_bytes_max),
           std::string_view(name) == "to" ? "original To" : "original Cc"});
  }
  for (auto& received : received_ids(headers, "original Received", limits.received_max))
    report.received.push_back(std::move(received));
}

void apply_bounce_headers(const std::vector<MailHeader>& headers, const BounceLimits& limits,
                          BounceReport& report) {
  const auto value = [&](std::string_view name) { return header_value(headers, name); };
  set(report.bounce_date, value("date"), "bounce Date", limits);
  if (!report.bounced_at) report.bounced_at = parse_mail_date(value("date"), limits.zone);
  // Coremail's (NetEase, 163.com); it may lack the brackets.
  const auto coremail = value("x-cm-original-message-id");
  const auto bare = last_message_id(coremail);
  set(report.message_id, bare.empty() ? coremail : bare, "bounce X-CM-Original-Message-ID", limits);
  for (const auto name : {"in-reply-to", "references"})
    set(report.message_id, last_message_id(value(name)),
        std::string_view(name) == "in-reply-to" ? "bounce In-Reply-To" : "bounce References",
        limits);
  const auto from = first_address(value("from"));
  // Exim hands its notices in itself, and may write another name in From.
  if (is_robot(from)) {
    std::string host;
    static const RE2 local(
        R"((?i)^(?:from \S+ )?by ([a-z0-9][a-z0-9.-]*\.[a-z0-9-]+) with local\b)");
    const auto first = std::ranges::find_if(
        headers.rbegin(), headers.rend(),
        [](const MailHeader& header) { return equal_ignoring_case(header.name, "received"); });
    if (first != headers.rend() && RE2::PartialMatch(first->value, local, &host))
      set(report.reporting_mta, host, "bounce From", limits);
  }
  if (is_robot(from)) set(report.reporting_mta, split_address(from).domain, "bounce From", limits);
  for (auto& received : received_ids(headers, "bounce Received", limits.received_max))
    report.received.push_back(std::move(received));
}

std::vector<std::string> labelled_senders(std::string_view notice) {
  constexpr std::size_t kHead = 16'000;
  constexpr std::size_t kSendersMax = 5;
  static const RE2 form(
      std::string(
          R"((?i)(?:sender['’]?s? address|adresse de l['’]expéditeur|absender-?adresse|direcci[oó]n (?:del?|de) remitente|adreça (?:del|de) remitent|indirizzo (?:del )?mittente|endereço d[eo] remetente|afzender-?adres|avsändar-?adress|avsender-?adresse|afsender-?adresse|adres nadawcy|adresa odesílatele|lähettäjän osoite|адрес отправителя|gönderen(?:in)? adresi|發件者地址|发件人地址|送信者のアドレス)\s*[:：]\s*<?()") +
      address_pattern() + ")");
  const auto head = notice.substr(0, kHead);
  re2::StringPiece rest(head.data(), head.size());
  std::vector<std::string> out;
  std::string address;
  while (out.size() < kSendersMax && RE2::FindAndConsume(&rest, form, &address))
    out.push_back(clean_address(address));
  return out;
}

}  // namespace rastro
